import { Injectable } from '@nestjs/common';
import { AnalyticsRepository, type AnalyticsQuery, type BucketRow, type SumsRow } from './analytics.repository.js';
import { CallSums } from './call-sums.js';
import { RESOLUTIONS } from './rollup.js';

/** Sums of one group, or of all calls, and how they came about over time. */
export interface Progress {
  readonly totals: CallSums;
  /** By the beginning of the interval, oldest first; one without calls is not there. */
  readonly points: readonly (readonly [at: Date, sums: CallSums])[];
}

export interface Analytics {
  readonly all: Progress;
  /** By name, those with the most calls first. Null: nothing was grouped. */
  readonly groups: readonly (readonly [name: string, progress: Progress])[] | null;
  /** What the other groups have together; null: there are no others. */
  readonly rest: Progress | null;
}

/** Answers charts. */
@Injectable()
export class AnalyticsService {
  constructor(private readonly repository: AnalyticsRepository) {}

  async ask(asked: Omit<AnalyticsQuery, 'resolution'>): Promise<Analytics> {
    const isHourly = asked.intervalMs % RESOLUTIONS.hour === 0;
    const query: AnalyticsQuery = { ...asked, resolution: isHourly ? 'hour' : 'minute' };
    const sums = await this.repository.sums(query);
    const buckets = await this.repository.buckets(query);

    const all = new GrowingProgress();
    const named = new Map<string, GrowingProgress>();
    const rest = new GrowingProgress();
    const ofGroup = (name: string | null): GrowingProgress => {
      if (name === null) return rest;
      const known = named.get(name) ?? new GrowingProgress();
      named.set(name, known);
      return known;
    };
    for (const row of sums) for (const progress of [all, ofGroup(row.group)]) progress.add(row);
    for (const row of buckets) for (const progress of [all, ofGroup(row.group)]) progress.addBucket(row);
    const byRequests = [...named].toSorted(([, a], [, b]) => b.totals.requests - a.totals.requests);
    return {
      all,
      groups: query.group === null ? null : byRequests,
      rest: rest.totals.requests === 0 ? null : rest,
    };
  }
}

class GrowingProgress implements Progress {
  readonly totals = new CallSums();
  private readonly intervals = new Map<number, CallSums>();

  get points(): readonly (readonly [Date, CallSums])[] {
    return [...this.intervals].toSorted(([a], [b]) => a - b).map(([at, sums]) => [new Date(at), sums]);
  }

  add(row: SumsRow): void {
    this.totals.add(row);
    this.at(row.at).add(row);
  }

  addBucket(row: BucketRow): void {
    this.totals.addBucket(row);
    this.at(row.at).addBucket(row);
  }

  private at(time: Date): CallSums {
    const known = this.intervals.get(time.getTime()) ?? new CallSums();
    this.intervals.set(time.getTime(), known);
    return known;
  }
}
