import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../test/support/eventually.js';
import { QuestionRelay, type RelayedWorker } from './question-relay.js';
import type { ToWorker } from './worker-messages.js';

class ToldWorker implements RelayedWorker {
  readonly told: ToWorker[] = [];

  constructor(readonly number: number) {}

  send(message: ToWorker): void {
    this.told.push(message);
  }
}

describe('QuestionRelay', () => {
  let relay: QuestionRelay;
  let workers: ToldWorker[];
  const join = (patienceMs?: number): void => {
    relay = new QuestionRelay(patienceMs);
    workers = [1, 2, 3].map((number) => new ToldWorker(number));
    for (const worker of workers) relay.receive(worker, { kind: 'here' });
  };
  beforeEach(() => join());

  it('hands a question to all others, and their answers back when all have answered', () => {
    const [asker, second, third] = workers;

    relay.receive(asker!, { kind: 'ask', id: 7, question: 'metrics' });
    expect(second!.told).toEqual([{ kind: 'question', id: 1, question: 'metrics' }]);
    relay.receive(third!, { kind: 'answer', id: 1, answer: 'three' });
    expect(asker!.told).toEqual([]);
    relay.receive(second!, { kind: 'answer', id: 1, answer: null });

    expect(asker!.told).toEqual([
      {
        kind: 'answers',
        id: 7,
        asker: 1,
        answers: [
          { worker: 3, answer: 'three' },
          { worker: 2, answer: null },
        ],
      },
    ]);
  });

  it('answers at once whoever is alone', () => {
    for (const worker of workers.slice(1)) relay.leave(worker);

    relay.receive(workers[0]!, { kind: 'ask', id: 1, question: 'configuration' });

    expect(workers[0]!.told).toEqual([{ kind: 'answers', id: 1, asker: 1, answers: [] }]);
  });

  it('does not wait for a worker that ends, nor for one that is stuck', async () => {
    join(20);
    const [asker, ending, stuck] = workers;
    relay.receive(asker!, { kind: 'ask', id: 1, question: 'metrics' });

    relay.leave(ending!);

    await eventually(() => asker!.told.length === 1);
    expect(asker!.told).toEqual([{ kind: 'answers', id: 1, asker: 1, answers: [] }]);
    // Too late, and not twice.
    relay.receive(stuck!, { kind: 'answer', id: 1, answer: 'late' });
    expect(asker!.told).toHaveLength(1);
  });
});
