import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Subscription } from 'rxjs';

import { type CallRecord, MAX_KEPT_BYTES } from '../accounting/call-record.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { Clock } from '../common/clock.js';
import { logsConfig } from '../config/logs.config.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { toLogRow } from './log-entry.js';
import { LogPartitionsRepository } from './log-partitions.repository.js';
import { LogWriterRepository } from './log-writer.repository.js';
import { RequestLogRepository } from './request-log.repository.js';
import { Spool } from './spool.js';
import { type SpoolSlot, takeSpoolSlots } from './spool-slots.js';

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Pauses while the database does not take anything. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const UPKEEP_MS = 60 * 60 * 1000;
/** Days whose tables are there before anybody needs them. */
const DAYS_AHEAD = 2;
const DELETED_AT_ONCE = 5_000;
/** How long a stop waits for the database to take what is left; the spool keeps it otherwise. */
const LAST_FLUSH_MS = 10_000;
/** How often a gateway that may have no more logs is looked at again. */
const RECOUNT_MS = 5_000;

/** What became of logs since the process started. */
export interface LogPipelineStatistics {
  readonly accepted: number;
  readonly written: number;
  /** Not logged since there was no room for more, or the disk refused. */
  readonly dropped: number;
  /** Not logged since their gateway has as many as it may have. */
  readonly stopped: number;
  /** Refused by the database for what they are. */
  readonly unwritable: number;
  /** Waiting for the database, in bytes on disk. */
  readonly backlogBytes: number;
}

/**
 * From finished calls to rows, off the request path: a call is appended to the spool when it ends, before the last byte of its answer
 * goes out, and written from there in batches. At least once: what the spool has is written by this process or the next, and
 * a row that is there already is not written again. While the database is away the spool grows, up to its limit, and nothing waits.
 */
@Injectable()
export class LogPipeline implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LogPipeline.name);
  /** This process's own first, then what others have left: until it is written. */
  private readonly slots: SpoolSlot[] = [];
  /** This process's own, and those that were left to it. */
  readonly spools: Spool[] = [];
  private own: Spool | null = null;
  private subscription: Subscription | null = null;
  private timer: NodeJS.Timeout | null = null;
  private upkeepTimer: NodeJS.Timeout | null = null;
  private recountTimer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> | null = null;
  private pauseMs = 0;
  private stopping = false;
  private problem: string | null = null;
  private full: ReadonlySet<string> = new Set();
  private readonly limited = new Map<string, GatewaySettings>();
  private isDropping = false;
  private isHurried = false;
  private readonly numbers = { accepted: 0, written: 0, dropped: 0, stopped: 0, unwritable: 0 };

  constructor(
    @Inject(CallRecorder) private readonly recorder: Pick<CallRecorder, 'calls$'>,
    private readonly writer: LogWriterRepository,
    private readonly partitions: LogPartitionsRepository,
    private readonly logs: RequestLogRepository,
    private readonly clock: Clock,
    @Inject(logsConfig.KEY) private readonly config: ConfigType<typeof logsConfig>,
  ) {}

  get statistics(): LogPipelineStatistics {
    return { ...this.numbers, backlogBytes: this.spools.reduce((sum, { backlogBytes }) => sum + backlogBytes, 0) };
  }

  async onModuleInit(): Promise<void> {
    const { own, left } = await takeSpoolSlots(this.config.spoolDir);
    const limits = { maxBytes: this.config.spoolMaxBytes, segmentBytes: SEGMENT_BYTES };
    for (const slot of [own, ...left]) {
      this.slots.push(slot);
      this.spools.push(new Spool(slot.path, limits));
    }
    this.own = this.spools[0]!;
    this.subscription = this.recorder.calls$.subscribe((record) => this.take(record));
  }

  onApplicationBootstrap(): void {
    this.upkeepTimer = setInterval(() => void this.upkeep(), UPKEEP_MS).unref();
    void this.upkeep();
    this.schedule(0);
  }

  /** Resolves when everything that had ended before is in the database, or cannot get there now. */
  async flush(): Promise<void> {
    await this.flushing;
    await this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.subscription?.unsubscribe();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.upkeepTimer !== null) clearInterval(this.upkeepTimer);
    if (this.recountTimer !== null) clearTimeout(this.recountTimer);
    let waited: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (waited = setTimeout(resolve, LAST_FLUSH_MS)));
    await Promise.race([this.flush(), enough]);
    clearTimeout(waited);
    for (const spool of this.spools) spool.close();
    for (const slot of this.slots) await slot.release();
  }

  /** Runs on every call, before its answer is complete: nothing here waits for anything but the system's own buffers. */
  private take(record: CallRecord): void {
    const { inbound, gateway } = record;
    if (!inbound.collectsLog) return;
    if (gateway.logManagement !== null) {
      this.limited.set(gateway.internalId, gateway);
      if (this.full.has(gateway.internalId)) {
        this.numbers.stopped++;
        return;
      }
    }
    try {
      const row = toLogRow(record);
      const isTaken = inbound.collectsPayload
        ? this.own!.append(row, kept(record.requestBody), record.responseBody ?? undefined)
        : this.own!.append(row);
      if (!isTaken) {
        this.drop(`as much is waiting as may (LOG_SPOOL_MAX_BYTES=${String(this.config.spoolMaxBytes)})`);
        return;
      }
      this.numbers.accepted++;
      this.isDropping = false;
    } catch (error) {
      // A log that cannot be kept is no reason for a call to fail.
      this.drop(error instanceof Error ? error.message : String(error));
    }
    if (this.flushing !== null) return;
    if (this.timer === null) this.schedule(this.config.flushMs);
    else if (this.own!.isFilling && !this.isHurried && this.problem === null) this.hurry();
  }

  /** Once in a row: the counter says how often. */
  private drop(reason: string): void {
    this.numbers.dropped++;
    if (!this.isDropping) this.logger.error(`Calls are not logged for now: ${reason}`);
    this.isDropping = true;
  }

  private schedule(ms: number): void {
    if (!this.stopping) this.timer = setTimeout(() => void this.run(), ms).unref();
  }

  /** A whole batch is not waited with. */
  private hurry(): void {
    clearTimeout(this.timer ?? undefined);
    this.isHurried = true;
    this.schedule(0);
  }

  /** One flush at a time; whoever asks meanwhile waits for it. */
  private run(): Promise<void> {
    clearTimeout(this.timer ?? undefined);
    this.timer = null;
    this.isHurried = false;
    this.flushing ??= this.drain()
      .catch((error: unknown) => this.noteProblem(error))
      .finally(() => {
        this.flushing = null;
        if (this.pauseMs > 0) this.schedule(this.pauseMs);
        else if (this.own!.backlogBytes > 0) this.schedule(this.config.flushMs);
      });
    return this.flushing;
  }

  private async drain(): Promise<void> {
    for (const spool of this.spools) {
      // What comes meanwhile waits for more: a statement of few rows costs as much as one of many.
      const { end } = spool;
      for (let batch = spool.next(); batch !== null; batch = spool.isPast(end) ? null : spool.next()) {
        const unwritable = await this.writer.write(batch);
        spool.commit(batch);
        this.numbers.unwritable += unwritable;
        this.numbers.written += batch.entries.length - unwritable;
        this.noteRecovery();
      }
    }
    await this.leaveOthers();
    await this.enforceLimits();
    this.noteRecovery();
  }

  /** Lets go of what processes that are no more had left, when nobody wants it: a process that starts may want the place. */
  private async leaveOthers(): Promise<void> {
    for (let at = this.spools.length - 1; at > 0; at--) {
      const spool = this.spools[at]!;
      if (spool.isWanted) continue;
      this.spools.splice(at, 1);
      const [slot] = this.slots.splice(at, 1);
      spool.close();
      await slot?.release();
    }
  }

  /** Keeps gateways to the number of logs that they may have. */
  private async enforceLimits(): Promise<void> {
    if (this.recountTimer !== null) clearTimeout(this.recountTimer);
    if (this.limited.size === 0) return;
    const full = new Set<string>();
    for (const [id, { logManagement, logManagementStrategy }] of this.limited) {
      const all = { gatewayInternalId: id, filters: [], search: null };
      const excess = (await this.logs.count(all)) - (logManagement ?? Number.POSITIVE_INFINITY);
      const stops = logManagementStrategy === 'STOP_INSERTING';
      for (let left = excess; left > 0; left -= DELETED_AT_ONCE) {
        await this.logs.delete(all, Math.min(left, DELETED_AT_ONCE), 'created_at', stops ? 'desc' : 'asc');
      }
      if (stops && excess >= 0) full.add(id);
    }
    // A gateway is looked at again when it has another call, and a full one until it is not.
    for (const id of this.limited.keys()) if (!full.has(id)) this.limited.delete(id);
    this.full = full;
    if (full.size > 0) this.recountTimer = setTimeout(() => void this.run(), RECOUNT_MS).unref();
  }

  /** Tables of days, and logs that nobody may look at any more. */
  private async upkeep(): Promise<void> {
    const { retentionDays } = this.config;
    const now = this.clock.now();
    try {
      await this.writer.withClient(async (client) => {
        await this.partitions.makeAhead(client, now, DAYS_AHEAD);
        if (retentionDays > 0) await this.partitions.dropBefore(client, now, retentionDays);
      });
      while (!this.stopping && (await this.logs.deleteOrphans(DELETED_AT_ONCE))) continue;
    } catch (error) {
      this.logger.warn(`The tables of logs were not looked after; next time: ${toLine(error)}`);
    }
  }

  /** Once an outage. */
  private noteProblem(error: unknown): void {
    const message = toLine(error);
    if (this.problem === null) this.logger.warn(`Logs wait in the spool: ${message}`);
    this.problem = message;
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.pauseMs * 2));
  }

  private noteRecovery(): void {
    if (this.problem !== null) this.logger.log('Logs are written again');
    this.problem = null;
    this.pauseMs = 0;
  }
}

const kept = (body: Buffer | null): Buffer | undefined =>
  body === null || body.length <= MAX_KEPT_BYTES ? (body ?? undefined) : body.subarray(0, MAX_KEPT_BYTES);

const toLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
