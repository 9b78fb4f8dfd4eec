import { describe, expect, it } from '@jest/globals';
import { Cancellation } from '../common/cancellation.js';
import { Flights } from './flights.js';

const join = (flights: Flights<string>, key = 'k', cancellation = new Cancellation()) =>
  flights.join(key, cancellation);

describe('Flights', () => {
  it('lets the first fetch, and gives the others what it brings', async () => {
    const flights = new Flights<string>(10, 60_000);

    expect(join(flights)).toBeNull();
    const [second, third] = [join(flights), join(flights)];
    flights.land('k', 'answer');

    expect([await second, await third]).toEqual([
      { kind: 'answer', answer: 'answer' },
      { kind: 'answer', answer: 'answer' },
    ]);
    expect(join(flights)).toEqual({ kind: 'answer', answer: 'answer' });
    flights.close('k');
    expect(join(flights)).toBeNull();
  });

  it('knows calls apart by their keys', () => {
    const flights = new Flights<string>(10, 60_000);

    expect([join(flights, 'a'), join(flights, 'b')]).toEqual([null, null]);
  });

  it('sends all on their own ways when there is nothing to share', async () => {
    const flights = new Flights<string>(10, 60_000);
    expect(join(flights)).toBeNull();
    const [second, third] = [join(flights), join(flights)];
    flights.scatter('k');

    expect([await second, await third]).toEqual([{ kind: 'alone' }, { kind: 'alone' }]);
    expect(join(flights)).toBeNull();
  });

  it('hands the fetching over to who waited longest, and the others go on waiting', async () => {
    const flights = new Flights<string>(10, 60_000);
    expect(join(flights)).toBeNull();
    const [second, third] = [join(flights), join(flights)];
    flights.handOver('k');
    expect(await second).toEqual({ kind: 'lead' });
    flights.land('k', 'late');

    expect(await third).toEqual({ kind: 'answer', answer: 'late' });
  });

  it('begins anew when the last one leaves', () => {
    const flights = new Flights<string>(10, 60_000);
    expect(join(flights)).toBeNull();
    flights.handOver('k');

    expect(join(flights)).toBeNull();
  });

  it('passes over who has left', async () => {
    const flights = new Flights<string>(10, 60_000);
    const leaving = new Cancellation();
    expect(join(flights)).toBeNull();
    const [left, stays] = [join(flights, 'k', leaving), join(flights)];
    leaving.cancel();
    expect(await left).toEqual({ kind: 'alone' });
    flights.handOver('k');

    expect(await stays).toEqual({ kind: 'lead' });
  });

  it('waits for so long and with so many at the most', async () => {
    const flights = new Flights<string>(1, 20);
    expect(join(flights)).toBeNull();
    const waiting = join(flights);

    expect(join(flights)).toEqual({ kind: 'alone' });
    expect(await waiting).toEqual({ kind: 'alone' });
    expect(join(flights)).toBeInstanceOf(Promise);
    flights.scatter('k');
  });
});
