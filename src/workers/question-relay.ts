import type { Question, ToPrimary, ToWorker, WorkerAnswer } from './worker-messages.js';

/** A worker as the relay sees it: its number, and a way to tell it something. */
export interface RelayedWorker {
  readonly number: number;
  send(message: ToWorker): void;
}

interface OpenQuestion {
  readonly asker: RelayedWorker;
  /** The asker's own name for it. */
  readonly id: number;
  readonly answers: WorkerAnswer[];
  /** Those that have not answered. */
  readonly missing: Set<RelayedWorker>;
  readonly timer: NodeJS.Timeout;
}

/** A worker that is busy for longer is left out: what it was asked for, it finds out by itself or tells the next time. */
const PATIENCE_MS = 2_000;

/** In the primary: hands a worker's question to the others, and all their answers back to it at once. */
export class QuestionRelay {
  private readonly workers = new Set<RelayedWorker>();
  private readonly open = new Map<number, OpenQuestion>();
  private lastId = 0;

  constructor(private readonly patienceMs = PATIENCE_MS) {}

  receive(worker: RelayedWorker, message: ToPrimary): void {
    switch (message.kind) {
      case 'here':
        this.workers.add(worker);
        return;
      case 'listens':
        return;
      case 'ask':
        this.relay(worker, message.id, message.question);
        return;
      case 'answer':
        this.note(worker, message.id, message.answer);
    }
  }

  /** It has ended: nobody waits for it any more. */
  leave(worker: RelayedWorker): void {
    this.workers.delete(worker);
    for (const [id, { missing }] of this.open) if (missing.delete(worker) && missing.size === 0) this.finish(id);
  }

  private relay(asker: RelayedWorker, askersId: number, question: Question): void {
    const id = ++this.lastId;
    const missing = new Set([...this.workers].filter((worker) => worker !== asker));
    const timer = setTimeout(() => this.finish(id), this.patienceMs);
    this.open.set(id, { asker, id: askersId, answers: [], missing, timer });
    for (const worker of missing) worker.send({ kind: 'question', id, question });
    if (missing.size === 0) this.finish(id);
  }

  private note(worker: RelayedWorker, id: number, answer: string | null): void {
    const question = this.open.get(id);
    if (question?.missing.delete(worker) !== true) return;
    question.answers.push({ worker: worker.number, answer });
    if (question.missing.size === 0) this.finish(id);
  }

  private finish(id: number): void {
    const question = this.open.get(id);
    if (question === undefined) return;
    this.open.delete(id);
    clearTimeout(question.timer);
    const { asker, answers } = question;
    asker.send({ kind: 'answers', id: question.id, asker: asker.number, answers });
  }
}
