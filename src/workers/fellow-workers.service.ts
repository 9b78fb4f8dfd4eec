import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import type { Question, ToPrimary, ToWorker, WorkerAnswers } from './worker-messages.js';

/** Answers one question of another worker. */
type Answerer = () => Promise<string | null>;

/** The other workers of this gateway (`CLUSTER_WORKERS`), reached through the primary. A gateway of one process has none. */
@Injectable()
export class FellowWorkers {
  private readonly answerers = new Map<Question, Answerer>();
  private readonly waiting = new Map<number, (answers: WorkerAnswers) => void>();
  private lastId = 0;

  constructor() {
    if (!cluster.isWorker) return;
    process.on('message', (message: ToWorker) => void this.receive(message));
    this.send({ kind: 'here' });
  }

  /** Tells the primary that this worker takes calls. (Node's own event comes also when the address turns out to be in use.) */
  sayListening(): void {
    this.send({ kind: 'listens' });
  }

  /** Says how this process answers a question. It has nothing to say to those that it does not know. */
  answer(question: Question, answerer: Answerer): void {
    this.answerers.set(question, answerer);
  }

  /**
   * Asks all others. Resolves to what those say that answer in time (the primary waits for two seconds at the most), or to null where
   * there is nobody to ask.
   */
  ask(question: Question): Promise<WorkerAnswers | null> {
    if (!cluster.isWorker || !process.connected) return Promise.resolve(null);
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.send({ kind: 'ask', id, question });
    });
  }

  private async receive(message: ToWorker): Promise<void> {
    if (message.kind === 'answers') {
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    } else {
      const answer = await this.answerers
        .get(message.question)?.()
        .catch(() => null);
      this.send({ kind: 'answer', id: message.id, answer: answer ?? null });
    }
  }

  private send(message: ToPrimary): void {
    // The primary has gone when this fails, and the process with it.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}
