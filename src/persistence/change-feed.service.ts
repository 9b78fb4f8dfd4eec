import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { EMPTY, filter, merge, type Observable, Subject, type Subscription, timer } from 'rxjs';

import { databaseConfig } from '../config/database.config.js';
import { StartError } from '../config/start-error.js';
import { FellowWorkers } from '../workers/fellow-workers.service.js';
import { configNotifications } from './config-notifications.js';
import { Database } from './database.js';
import { PrismaService } from './prisma.service.js';

/** A directory: loads its part of the configuration, and hands back the swap. */
export interface SnapshotLoader {
  readonly name: string;
  /** Reads from the database. The function it resolves to puts the new snapshot in place: synchronous, and it never throws. */
  load(): Promise<() => void>;
}

/**
 * Keeps the in-memory snapshots as new as the database. Triggers count every configuration change in
 * `config_state.version`; a round reads that number, lets every directory load, and then swaps all of them in one go, so
 * that no call sees half a change. Rounds are caused by `refresh()` (a change made here, which fellow workers are told of), by a
 * notification (one made by another replica), and by a poll, which heals whatever was missed.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ChangeFeed.name);
  private readonly loaders: SnapshotLoader[] = [];
  private readonly changes = new Subject<bigint>();
  private loadedVersion = -1n;
  private running: Promise<void> = Promise.resolve();
  private queued: Promise<void> | null = null;
  private problem: string | null = null;
  private answeredAt = 0;
  private answeredAtSteady = 0;
  private subscription: Subscription | null = null;

  /** The version of the configuration after each swap. */
  readonly changes$: Observable<bigint> = this.changes.asObservable();

  constructor(
    private readonly prisma: PrismaService,
    private readonly database: Database,
    private readonly fellows: FellowWorkers,
    @Inject(databaseConfig.KEY) private readonly config: ConfigType<typeof databaseConfig>,
  ) {}

  /** The version that requests see; -1 before the first load. */
  get version(): bigint {
    return this.loadedVersion;
  }

  /** Are snapshots loaded? Stays true when the database goes away: the last ones keep serving. */
  get ready(): boolean {
    return this.loadedVersion >= 0n;
  }

  /** For how long the database has not answered, in milliseconds; setting the clock does not change it. */
  get databaseSilentMs(): number {
    return performance.now() - this.answeredAtSteady;
  }

  /** When the database last answered, in milliseconds since 1970. */
  get databaseAnsweredAt(): number {
    return this.answeredAt;
  }

  /** For the constructors of directories. */
  register(loader: SnapshotLoader): void {
    this.loaders.push(loader);
  }

  /**
   * Resolves when a state at least as new as this call is what requests see, those to fellow workers too; admin services await it
   * after each commit. Rejects when the database or a directory fails: the change is stored then, and the poll tries again.
   */
  async refresh(): Promise<void> {
    await this.reload();
    await this.fellows.ask('configuration');
  }

  /** As `refresh`, of this process alone: for changes that others made. */
  private reload(): Promise<void> {
    // The round under way may have read before the caller's commit, so only one that starts after this call will do. All
    // who call meanwhile share it.
    this.queued ??= this.running.then(() => {
      this.queued = null;
      const round = this.round();
      this.running = round.catch(() => undefined);
      return round;
    });
    return this.queued;
  }

  /** The first load: every directory has registered by now, and the app does not listen before it is done. */
  async onApplicationBootstrap(): Promise<void> {
    this.fellows.answer('configuration', () => this.reload().then(() => null));
    await this.reload().catch((cause: unknown) => {
      throw new StartError([`The configuration cannot be loaded: ${toLine(cause)}`], cause);
    });
    const poll$ = timer(this.config.configPollMs, this.config.configPollMs);
    // PGlite's LISTEN does not cross connections, and nobody else changes an embedded database.
    const notified$ = this.database.kind === 'server' ? configNotifications(this.database.connection) : EMPTY;
    const news$ = notified$.pipe(filter((version) => version === null || version > this.loadedVersion));
    this.subscription = merge(poll$, news$).subscribe(() => {
      this.reload().catch(() => undefined); // already logged, once per outage
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.running;
    this.changes.complete();
  }

  private async round(): Promise<void> {
    try {
      // Read first: data that is newer than its version is loaded again, older data would be missed.
      const version = await this.readVersion();
      if (version !== this.loadedVersion) {
        const swaps = await Promise.all(this.loaders.map((loader) => this.load(loader)));
        for (const swap of swaps) swap();
        this.loadedVersion = version;
        this.changes.next(version);
      }
    } catch (error) {
      this.noteProblem(error);
      throw error;
    }
    if (this.problem !== null) this.logger.log('The configuration is up to date again');
    this.problem = null;
  }

  private async readVersion(): Promise<bigint> {
    const state = await this.prisma.configState.findUniqueOrThrow({ where: { id: 1 }, select: { version: true } });
    this.answeredAt = Date.now();
    this.answeredAtSteady = performance.now();
    return state.version;
  }

  private async load(loader: SnapshotLoader): Promise<() => void> {
    try {
      return await loader.load();
    } catch (cause) {
      throw new Error(`Loading ${loader.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }

  /** Once per outage: the poll would repeat it every few seconds. */
  private noteProblem(error: unknown): void {
    const message = toLine(error);
    if (this.problem === null && this.ready) {
      this.logger.warn(`Kept the configuration of version ${String(this.loadedVersion)}: ${message}`);
    }
    this.problem = message;
  }
}

/** An error's message in one line. */
const toLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s+/g, ' ');
