import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MemoryState } from '../state/memory-state.js';
import { SharedState } from '../state/shared-state.js';
import { BudgetCounterRepository } from './budget-counter.repository.js';

/** What a crash may lose of the memory's budgets. */
const WRITE_EVERY_MS = 200;
const TIDY_EVERY_MS = 60 * 60 * 1000;

/** Lets the memory engine's budgets survive a restart: read before the first call, written on the side. Redis keeps its own. */
@Injectable()
export class BudgetPersistence implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(BudgetPersistence.name);
  private readonly timers: NodeJS.Timeout[] = [];
  private writing: Promise<void> = Promise.resolve();
  private isBehind = false;

  constructor(
    private readonly state: SharedState,
    private readonly repository: BudgetCounterRepository,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const { state } = this;
    if (!(state instanceof MemoryState)) return;
    for (const counter of await this.repository.all(new Date(this.clock.now()))) state.restore(counter);
    this.every(WRITE_EVERY_MS, () => this.write(state));
    this.every(TIDY_EVERY_MS, () => this.repository.removeExpired(new Date(this.clock.now())));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    if (this.state instanceof MemoryState) await this.write(this.state);
  }

  private every(ms: number, work: () => Promise<void>): void {
    this.timers.push(setInterval(() => void work().catch(() => undefined), ms).unref());
  }

  /** One write at a time, in order; what fails is part of the next. */
  private write(state: MemoryState): Promise<void> {
    this.writing = this.writing.then(() => this.writeChanged(state));
    return this.writing;
  }

  private async writeChanged(state: MemoryState): Promise<void> {
    const changed = state.takeChanged();
    if (changed.length === 0) return;
    try {
      await this.repository.store(changed);
      if (this.isBehind) this.logger.log('Budgets are written down again');
      this.isBehind = false;
    } catch (error) {
      state.giveBack(changed);
      if (!this.isBehind) this.logger.warn(`Budgets cannot be written down: ${String(error)}`);
      this.isBehind = true;
    }
  }
}
