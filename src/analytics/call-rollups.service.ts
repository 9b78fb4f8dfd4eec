import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { CountedCall } from '../accounting/counted-call.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { ulid } from '../common/ids.js';
import { LogPipeline } from '../request-logs/log-pipeline.service.js';
import type { Position } from '../request-logs/spool.js';
import { toCountedCall } from '../request-logs/spooled-call.js';
import { AnalyticsRepository, type SumsToWrite } from './analytics.repository.js';
import { type Dimensions, dimensionsOf, type Resolution, RESOLUTIONS, Rollup } from './rollup.js';

const FLUSH_MS = 5_000;
/** Combinations of dimensions an hour that are told apart. What comes later is added up as `other`. */
const MAX_SERIES = 5_000;
/** Sums that may wait for the database; sums of minutes that begin beyond it are not kept. */
const MAX_DIRTY = 50_000;
/** How long a stop waits for the database. */
const LAST_FLUSH_MS = 5_000;
const UPKEEP_MS = 60 * 60 * 1000;

const OTHER = 'other';

/** One combination of dimensions, with the minute and the hour that it is in. */
interface Series {
  readonly dimensions: Dimensions;
  readonly number: number;
  minute: Rollup | null;
  hour: Rollup | null;
}

/**
 * Sums of finished calls by minute and by hour, for charts: added up here, and written off the request path. A row is one process's own
 * total of one series and time, written again when it has grown; so writing it twice, or after a connection that broke at the
 * wrong moment, changes nothing, and what several replicas wrote is added up when somebody asks. With them it is noted how far the
 * spool of logs is in them: what a process that was killed had not written, the next one adds up from there. Calls that leave no log are
 * not in the spool: of those, five seconds are lost at the most, while the database is there.
 */
@Injectable()
export class CallRollups implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CallRollups.name);
  /** This process's rows: one that starts again must not write over them. */
  private readonly writer = ulid();
  private readonly series = new Map<string, Series>();
  private numbers = 0;
  private minute = 0;
  private hour = 0;
  private dirty: Rollup[] = [];
  private flushing: Promise<void> | null = null;
  private timers: NodeJS.Timeout[] = [];
  private isFailing = false;
  /** Calls that are missing in sums of minutes, since the database was away for too long. */
  dropped = 0;

  constructor(
    @Inject(CallRecorder) recorder: Pick<CallRecorder, 'calls$'>,
    @Inject(AnalyticsRepository)
    private readonly repository: Pick<AnalyticsRepository, 'write' | 'marks' | 'deleteOld'>,
    @Inject(LogPipeline) private readonly logs: Pick<LogPipeline, 'spools'>,
  ) {
    recorder.calls$.subscribe((record) => this.add(record));
  }

  get waiting(): number {
    return this.dirty.length;
  }

  /** Adds up what a process before this one has logged and not written here. */
  async onModuleInit(): Promise<void> {
    const marks = await this.repository.marks();
    for (const spool of this.logs.spools) {
      const mark = marks.get(spool.id) ?? NOTHING_WRITTEN;
      let kept = spool.end;
      for (const { bytes, entries } of spool.since(mark)) {
        for (const { start, rowBytes } of entries) {
          const call = toCountedCall(bytes.subarray(start, start + rowBytes));
          if (call !== null) this.add(call);
        }
        kept = mark;
      }
      spool.keepFrom(kept);
      // What comes now has times of its own.
      this.minute = 0;
      this.hour = 0;
      this.series.clear();
    }
    // What others have left may go to others again when it is written.
    await this.flush();
  }

  onApplicationBootstrap(): void {
    const upkeep = (): void => {
      this.repository
        .deleteOld()
        .catch((error: unknown) => this.logger.warn(`Old sums stay for now: ${String(error)}`));
    };
    upkeep();
    this.timers = [setInterval(() => void this.flush(), FLUSH_MS).unref(), setInterval(upkeep, UPKEEP_MS).unref()];
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    let waited: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (waited = setTimeout(resolve, LAST_FLUSH_MS)));
    await Promise.race([this.flush(), enough]);
    clearTimeout(waited);
  }

  /** Resolves when every call that had ended before is in the sums that the database has, or cannot get there now. */
  async flush(): Promise<void> {
    await this.flushing;
    this.flushing ??= this.writeDirty().finally(() => (this.flushing = null));
    await this.flushing;
  }

  private add(record: CountedCall): void {
    const endedAt = record.startedAt + record.durationMs;
    // A clock that is set back must not begin a time anew whose row has been written.
    this.minute = Math.max(this.minute, floor(endedAt, 'minute'));
    const hour = Math.max(this.hour, floor(endedAt, 'hour'));
    if (hour !== this.hour) this.series.clear();
    this.hour = hour;

    const dimensions = dimensionsOf(record);
    this.addTo(dimensions, record);
    const { entries } = record.inbound.metadata;
    for (const name in entries) this.addTo(byMetadata(dimensions, name, String(entries[name])), record);
  }

  private addTo(dimensions: Dimensions, record: CountedCall): void {
    const series = this.seriesOf(dimensions);
    if (series.minute?.at !== this.minute) series.minute = this.begin(series, 'minute', this.minute);
    if (series.hour?.at !== this.hour) series.hour = this.begin(series, 'hour', this.hour);
    this.addRecord(series.minute, record);
    this.addRecord(series.hour, record);
  }

  private addRecord(rollup: Rollup, record: CountedCall): void {
    rollup.add(record);
    if (rollup.isDirty) return;
    if (this.dirty.length >= MAX_DIRTY && rollup.resolution === 'minute') {
      this.dropped++;
      return;
    }
    rollup.isDirty = true;
    this.dirty.push(rollup);
  }

  private begin({ dimensions, number }: Series, resolution: Resolution, at: number): Rollup {
    return new Rollup(dimensions, resolution, at, number);
  }

  private seriesOf(dimensions: Dimensions): Series {
    const key = keyOf(dimensions);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    if (this.series.size >= MAX_SERIES && !isOther(dimensions)) return this.seriesOf(otherOf(dimensions));
    const series: Series = { dimensions, number: this.numbers++, minute: null, hour: null };
    this.series.set(key, series);
    return series;
  }

  private async writeDirty(): Promise<void> {
    if (this.dirty.length === 0) return;
    let taken: readonly Rollup[] = [];
    let marks: SumsToWrite['marks'] = new Map();
    try {
      // All in one turn, so that sums and marks are about the same calls; and not before there is a database to take them.
      await this.repository.write(() => {
        taken = this.dirty;
        this.dirty = [];
        for (const rollup of taken) rollup.isDirty = false;
        marks = new Map(this.logs.spools.map(({ id, end }) => [id, end]));
        return { rows: taken.map((rollup) => rollup.toRow(this.writer)), marks };
      });
    } catch (error) {
      // What has grown meanwhile waits again already.
      for (const rollup of taken) {
        if (rollup.isDirty) continue;
        rollup.isDirty = true;
        this.dirty.push(rollup);
      }
      if (!this.isFailing) this.logger.warn(`Sums of calls wait for the database: ${String(error)}`);
      this.isFailing = true;
      return;
    }
    for (const spool of this.logs.spools) spool.keepFrom(marks.get(spool.id) ?? NOTHING_WRITTEN);
    if (this.isFailing) this.logger.log('Sums of calls are written again');
    this.isFailing = false;
  }
}

const NOTHING_WRITTEN: Position = { segment: 0, offset: 0 };

const floor = (ms: number, resolution: Resolution): number => ms - (ms % RESOLUTIONS[resolution]);

const keyOf = ({
  gatewayInternalId,
  provider,
  model,
  tokenId,
  route,
  metadataKey,
  metadataValue,
  failure,
}: Dimensions) =>
  `${gatewayInternalId}\0${provider}\0${model}\0${tokenId}\0${route}\0${metadataKey}\0${metadataValue}\0${failure}`;

const byMetadata = (dimensions: Dimensions, metadataKey: string, metadataValue: string): Dimensions => ({
  ...dimensions,
  provider: '',
  model: '',
  tokenId: '',
  route: '',
  metadataKey,
  metadataValue,
});

/** What is left of a combination that finds no room: its gateway and its failure. */
const otherOf = (dimensions: Dimensions): Dimensions =>
  dimensions.metadataKey === ''
    ? { ...dimensions, provider: OTHER, model: OTHER, tokenId: OTHER, route: OTHER }
    : { ...dimensions, metadataKey: OTHER, metadataValue: OTHER };

const isOther = ({ model, metadataValue }: Dimensions): boolean => model === OTHER || metadataValue === OTHER;
