import type { LookupFunction } from 'node:net';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Secret } from '../common/secret.js';
import type { Otel } from '../gateways/gateway-columns.schema.js';

/** One entry of a gateway's `otel`. */
export type CollectorSettings = Otel[number];

/** A batch is given up after this, its repetitions included. */
const TIMEOUT_MS = 5_000;
const FAILED = 1;

/**
 * The SDK's exporter for one entry. It opens sockets of its own, so it gets the egress policy's look-up; redirects it does not follow.
 * @param authorization The secret that the entry's `authorization` names; null: there is none of that name, and nothing is sent.
 */
export function collectorExporter(
  { url, headers, authorization: name, content_type }: CollectorSettings,
  lookup: LookupFunction,
  authorization: () => Promise<Secret | null>,
): SpanExporter {
  const Exporter = content_type === 'protobuf' ? ProtobufExporter : JsonExporter;
  let credential: Secret | null = null;
  const exporter = new Exporter({
    url,
    timeoutMillis: TIMEOUT_MS,
    httpAgentOptions: { keepAlive: true, lookup },
    headers: () =>
      Promise.resolve({ ...headers, ...(credential === null ? {} : { authorization: credential.reveal() }) }),
  });
  if (name === undefined || name === '') return exporter;
  const send = async (...[spans, callback]: Parameters<SpanExporter['export']>): Promise<void> => {
    try {
      credential = await authorization();
      if (credential === null)
        throw new Error(`There is no secret "${name}" of the scope ai_gateway in the gateway's store.`);
      exporter.export(spans, callback);
    } catch (cause) {
      callback({ code: FAILED, error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
  };
  return { export: (spans, callback) => void send(spans, callback), shutdown: () => exporter.shutdown() };
}
