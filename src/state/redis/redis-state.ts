import { Logger } from '@nestjs/common';
import type { Clock } from '../../common/clock.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { RateWindow } from '../rate-window.js';
import {
  type Admission,
  type Booking,
  type Claim,
  type CounterName,
  type Hold,
  type NamedCounter,
  SharedState,
} from '../shared-state.js';
import { StateUnavailable } from '../state-unavailable.js';
import type { RedisClient } from './redis-connection.js';

export interface RedisStateOptions {
  /** How long a hold outlives its process. */
  readonly leaseMs: number;
  readonly whenAway: { readonly cache: 'miss' | 'refuse' };
  /** For tests; else Redis's own time counts, since the clocks of replicas differ. */
  readonly clock?: Clock;
}

/** A hold that this process keeps from lapsing. */
interface OpenHold {
  readonly mark: string;
  readonly claims: readonly Claim[];
}

/** A counter's name in Redis' words. */
interface RedisName {
  /** The index of its scope's durable counters. */
  readonly index: string;
  readonly counter: string;
  readonly leases: string;
  readonly bucketMs: string;
  readonly live: string;
  /** What it is called in the index; empty: it is not in it. */
  readonly member: string;
}

/** A script's arguments. */
type Command = readonly [numberOfKeys: number, ...keysAndArguments: string[]];

/** So many settlements wait at the most while Redis is away; beyond, the oldest are lost, which the log says. */
const MAX_WAITING = 100_000;
const AT_ONCE = 200;
const RETRY_MS = 250;
const MEMORY_LOOK_MS = 5_000;
/** Cached answers leave this part of Redis's memory to the counters, which nothing may push out. */
const BLOBS_UP_TO = 0.8;

const NOTES = 'aig:notes';
const MAX_NOTES = 1_000;
const MAX_NOTE_MS = 60 * 60 * 1000;

/** The engine for several replicas: one script a decision. What is held is renewed here, so nobody else knows of leases. */
export class RedisState extends SharedState {
  readonly kind = 'redis';
  private readonly logger = new Logger(RedisState.name);
  private readonly holds = new Map<string, OpenHold>();
  private readonly names = new WeakMap<CounterName, RedisName>();
  private waiting: Command[] = [];
  private lost = 0;
  private hasRoom = true;
  private readonly timers: readonly NodeJS.Timeout[];

  constructor(
    private readonly redis: RedisClient,
    private readonly options: RedisStateOptions,
  ) {
    super();
    const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout => setInterval(() => void work(), ms).unref();
    this.timers = [
      every(options.leaseMs / 3, () => this.renew()),
      every(RETRY_MS, () => this.settleWaiting()),
      every(MEMORY_LOOK_MS, () => this.lookAtMemory()),
    ];
  }

  override async admit(claims: readonly Claim[], hold?: Hold): Promise<Admission> {
    const mark = markOf(hold);
    const command = this.command(claims, mark, (claim) => [claim.limit, claim.amount, claim.mode]);
    const answer = await this.asked(this.redis.aigAdmit(...command));
    const refused = answer[0]! - 1;
    if (refused === -1 && hold !== undefined) {
      const held = claims.filter(({ mode, amount }) => mode === 'hold' && amount > 0);
      if (held.length > 0) this.holds.set(hold.id, { mark, claims: held });
    }
    return {
      refused: refused === -1 ? null : refused,
      counters: claims.map((_claim, i) => ({
        used: answer[1 + 3 * i]!,
        held: answer[2 + 3 * i]!,
        freeAt: answer[3 + 3 * i]!,
      })),
    };
  }

  override settle(bookings: readonly Booking[], hold?: Hold): void {
    if (hold !== undefined) this.holds.delete(hold.id);
    const command = this.command(bookings, markOf(hold), ({ held, amount }) => [held, amount]);
    // Sent in this turn of the loop: whoever is answered after it is charged for it, even should the process die right then.
    this.redis.aigSettle(...command).catch(() => this.keepWaiting(command));
  }

  override async list(
    scope: string,
    prefix: string,
    window: RateWindow,
    limit: number,
  ): Promise<readonly NamedCounter[]> {
    const members = await this.asked(this.redis.zrange(indexOf(scope), 0, -1));
    const keys = members
      .filter((member) => member.startsWith(`${window.id} ${prefix}`))
      .slice(0, limit)
      .map((member) => member.slice(window.id.length + 1));
    if (keys.length === 0) return [];
    const looks = keys.map((key): Claim => ({
      counter: { scope, key, window, durable: true },
      limit: Number.MAX_SAFE_INTEGER,
      amount: 0,
      mode: 'look',
    }));
    const { counters } = await this.admit(looks);
    return counters.map((counter, i) => ({ key: keys[i]!, ...counter }));
  }

  override async getBlob(key: string): Promise<Buffer | null> {
    try {
      return await this.redis.getBuffer(blobKey(key));
    } catch (cause) {
      if (this.options.whenAway.cache === 'miss') return null;
      throw new GatewayError('overloaded', 'The response cache does not answer; try again in a moment.', {
        headers: { 'retry-after': '1' },
        cause,
      });
    }
  }

  override async setBlob(key: string, value: Buffer, ttlMs: number): Promise<void> {
    if (!this.hasRoom) return;
    await this.redis.set(blobKey(key), value, 'PX', Math.max(1, Math.round(ttlMs))).catch(() => undefined);
  }

  override async deleteBlob(key: string): Promise<void> {
    await this.asked(this.redis.del(blobKey(key)));
  }

  override async leaveNote(text: string, until: number): Promise<void> {
    const ttlMs = Math.max(1, Math.ceil(until - Date.now()));
    // A later end replaces an earlier one; the list goes when nobody has written to it for as long as a note stands.
    await Promise.all([
      this.redis.zadd(NOTES, 'GT', until, text),
      this.redis.zremrangebyscore(NOTES, '-inf', Date.now()),
      this.redis.pexpire(NOTES, Math.max(ttlMs, MAX_NOTE_MS)),
    ]).catch(() => undefined);
  }

  override async notes(): Promise<ReadonlyMap<string, number>> {
    const found = await this.redis
      .zrangebyscore(NOTES, Date.now(), '+inf', 'WITHSCORES', 'LIMIT', 0, MAX_NOTES)
      .catch((): string[] => []);
    const notes = new Map<string, number>();
    for (let i = 0; i < found.length; i += 2) notes.set(found[i]!, Number(found[i + 1]));
    return notes;
  }

  /** Sends what still waits, if Redis is there, and disconnects. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.settleWaiting();
    if (this.waiting.length > 0)
      this.logger.error(`What ${this.waiting.length} calls have used is lost: Redis is away`);
    await this.redis.quit().catch(() => this.redis.disconnect());
  }

  private async asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw new StateUnavailable(cause);
    }
  }

  private command<Entry extends { readonly counter: CounterName }>(
    entries: readonly Entry[],
    mark: string,
    amountsOf: (entry: Entry) => readonly (string | number)[],
  ): [number, ...string[]] {
    const [first] = entries;
    const keys = first === undefined ? [] : [this.nameOf(first.counter).index];
    const values = [this.now(), String(this.options.leaseMs), mark];
    for (const entry of entries) {
      const { counter, leases, bucketMs, live, member } = this.nameOf(entry.counter);
      keys.push(counter, leases);
      values.push(bucketMs, live, ...amountsOf(entry).map(String), member);
    }
    return [keys.length, ...keys, ...values];
  }

  private nameOf(name: CounterName): RedisName {
    let known = this.names.get(name);
    if (known === undefined) this.names.set(name, (known = toRedisName(name)));
    return known;
  }

  private now(): string {
    return this.options.clock === undefined ? '' : String(this.options.clock.now());
  }

  private async renew(): Promise<void> {
    const open = [...this.holds.values()];
    for (let from = 0; from < open.length; from += AT_ONCE) {
      await Promise.allSettled(
        open.slice(from, from + AT_ONCE).map((hold) => this.redis.aigRenew(...this.renewal(hold))),
      );
    }
  }

  private renewal({ mark, claims }: OpenHold): [number, ...string[]] {
    const keys: string[] = [];
    const values: string[] = [];
    for (const { counter: name, amount } of claims) {
      const { counter, leases } = this.nameOf(name);
      keys.push(counter, leases);
      values.push(`${amount}:${mark}`, String(name.window.bucketMs * name.window.live));
    }
    return [keys.length, ...keys, this.now(), String(this.options.leaseMs), ...values];
  }

  private keepWaiting(command: Command): void {
    this.waiting.push(command);
    if (this.waiting.length <= MAX_WAITING) return;
    this.waiting.shift();
    if (this.lost++ === 0) this.logger.error('Redis is away for so long that what calls have used is being lost');
  }

  /** In the order in which they came; at the first that fails the rest wait on. */
  private async settleWaiting(): Promise<void> {
    while (this.waiting.length > 0 && this.redis.status === 'ready') {
      const some = this.waiting.splice(0, AT_ONCE);
      const outcomes = await Promise.allSettled(some.map((command) => this.redis.aigSettle(...command)));
      const failed = some.filter((_command, i) => outcomes[i]!.status === 'rejected');
      this.waiting.unshift(...failed);
      if (failed.length > 0) return;
    }
    if (this.waiting.length === 0) this.lost = 0;
  }

  private async lookAtMemory(): Promise<void> {
    const info = await this.redis.info('memory').catch(() => '');
    const [used, max] = ['used_memory', 'maxmemory'].map((name) =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
    );
    this.hasRoom = max === 0 || used! < max! * BLOBS_UP_TO;
  }
}

const baseOf = (scope: string): string => `aig:{${scope}}`;

const indexOf = (scope: string): string => `${baseOf(scope)}:i`;

function toRedisName({ scope, key, window, durable }: CounterName): RedisName {
  const counter = `${baseOf(scope)}:n:${window.id}:${key}`;
  return {
    index: indexOf(scope),
    counter,
    leases: `${counter}:h`,
    bucketMs: String(window.bucketMs),
    live: String(window.live),
    member: durable ? `${window.id} ${key}` : '',
  };
}

/** How a hold is called among the leases, after its amount. */
const markOf = (hold: Hold | undefined): string =>
  hold === undefined ? '' : `${hold.whenLost === 'charge' ? 'c' : 'r'}:${hold.id}`;

const blobKey = (key: string): string => `aig:b:{${key}}`;
