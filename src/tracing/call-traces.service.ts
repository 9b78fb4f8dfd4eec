import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { CallRecord } from '../accounting/call-record.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { assertEgressAllowed } from '../common/egress-policy.js';
import type { Secret } from '../common/secret.js';
import { forgetOtelVariables } from '../config/otel-variables.js';
import { transportConfig } from '../config/transport.config.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { NamedSecrets } from '../keys/named-secrets.service.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { HttpTransport } from '../transport/http-transport.service.js';
import { Collector, type SpanCounts } from './collector.js';
import { collectorExporter, type CollectorSettings } from './collector-exporter.js';
import { GatewayTracer } from './gateway-tracer.js';

/** A tracer that nobody has used for so long is shut down when settings change. */
const IDLE_MS = 10 * 60_000;
/** How long a stop waits for collectors. */
const GOODBYE_MS = 2_000;

interface KnownTracer {
  readonly tracer: GatewayTracer;
  usedAt: number;
}

/**
 * Sends each finished call of a gateway with `otel` to its collectors, as one span. Spans are written after the call's turn of the
 * event loop, wait in bounded queues, and are sent in batches: whatever a collector does, no call waits for it.
 */
@Injectable()
export class CallTraces implements OnApplicationShutdown {
  private readonly logger = new Logger('Tracing');
  readonly counts: SpanCounts = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
  /** By what makes them: a tracer outlives reloads of settings that do not concern it. */
  private readonly tracers = new Map<string, KnownTracer>();
  private bySettings = new WeakMap<GatewaySettings, KnownTracer>();
  private unwritten: CallRecord[] = [];

  constructor(
    recorder: CallRecorder,
    private readonly secrets: NamedSecrets,
    private readonly feed: ChangeFeed,
    private readonly transport: HttpTransport,
    @Inject(transportConfig.KEY) private readonly config: ConfigType<typeof transportConfig>,
  ) {
    forgetOtelVariables();
    recorder.calls$.subscribe((record) => {
      const { otel } = record.gateway;
      if (otel === null || otel.length === 0) return;
      if (this.unwritten.push(record) === 1) setImmediate(this.write);
    });
  }

  /** Spans that wait get a moment; a collector that is not there must not hold up the stop. */
  async onApplicationShutdown(): Promise<void> {
    this.write();
    const goodbyes = [...this.tracers.values()].map(({ tracer }) => tracer.shutdown());
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, GOODBYE_MS)));
    await Promise.race([Promise.allSettled(goodbyes), enough]);
    clearTimeout(timer);
  }

  private readonly write = (): void => {
    const records = this.unwritten;
    this.unwritten = [];
    for (const record of records) {
      const known = this.tracerOf(record.gateway);
      known.usedAt = Date.now();
      if (!known.tracer.write(record)) this.counts.dropped += record.gateway.otel?.length ?? 0;
    }
  };

  private tracerOf(gateway: GatewaySettings): KnownTracer {
    let known = this.bySettings.get(gateway);
    if (known !== undefined) return known;
    const key = JSON.stringify([gateway.internalId, gateway.storeId, gateway.otel]);
    known = this.tracers.get(key) ?? { tracer: this.newTracer(gateway), usedAt: 0 };
    this.tracers.set(key, known);
    this.bySettings.set(gateway, known);
    this.forgetIdle();
    return known;
  }

  private newTracer(gateway: GatewaySettings): GatewayTracer {
    return new GatewayTracer((gateway.otel ?? []).flatMap((settings) => this.newCollector(gateway, settings) ?? []));
  }

  private newCollector({ accountId, id, storeId }: GatewaySettings, settings: CollectorSettings): Collector | null {
    const { origin } = new URL(settings.url);
    const name = `${accountId}/${id} at ${origin}`;
    try {
      assertEgressAllowed(settings.url, { allowPrivate: this.config.egressAllowPrivate });
    } catch (error) {
      this.logger.warn({ event: 'otel.refused', collector: name, reason: String(error) });
      return null;
    }
    const credential = this.credentialOf(accountId, storeId, settings.authorization ?? '');
    return new Collector(name, collectorExporter(settings, this.transport.guardedLookup, credential), this.counts);
  }

  /** Asked for each batch, looked up once for each version of the configuration. */
  private credentialOf(accountId: string, storeId: string | null, name: string): () => Promise<Secret | null> {
    let version = -1n;
    let secret: Secret | null = null;
    return async () => {
      const { version: current } = this.feed;
      if (current !== version) {
        secret = await this.secrets.find(accountId, storeId, name);
        version = current;
      }
      return secret;
    };
  }

  private forgetIdle(): void {
    const before = Date.now() - IDLE_MS;
    for (const [key, { tracer, usedAt }] of this.tracers) {
      if (usedAt === 0 || usedAt > before) continue;
      this.tracers.delete(key);
      // Whoever still has these settings gets a new one.
      this.bySettings = new WeakMap();
      tracer.shutdown().catch(() => undefined);
    }
  }
}
