import { describe, expect, it } from '@jest/globals';
import { Circuit, CIRCUIT_RULES } from './circuit.js';

const rules = {
  ...CIRCUIT_RULES,
  consecutiveFailures: 3,
  minCalls: 10,
  pauseMs: 1_000,
  maxPauseMs: 4_000,
  ramp: [0, 0.25, 0.5],
};

const opened = (): Circuit => {
  const circuit = new Circuit(rules);
  for (let i = 0; i < 3; i++) circuit.failed(0);
  return circuit;
};

describe('Circuit', () => {
  it('opens after failures in a row, and a success between them starts the count anew', () => {
    const circuit = new Circuit(rules);
    circuit.failed(0);
    circuit.failed(0);
    circuit.succeeded(0);
    circuit.failed(0);
    circuit.failed(0);
    expect(circuit.admits(0, 0)).toBe(true);

    circuit.failed(0);
    expect(circuit.state).toBe('open');
    expect(circuit.admits(999, 0)).toBe(false);
  });

  it('opens at a bad share of enough calls, though never three in a row', () => {
    const circuit = new Circuit(rules);
    for (let i = 0; i < 5; i++) {
      circuit.succeeded(0);
      circuit.failed(0);
    }
    expect(circuit.state).toBe('open');
  });

  it('forgets what is older than its window', () => {
    const circuit = new Circuit({ ...rules, consecutiveFailures: 100 });
    for (let i = 0; i < 4; i++) circuit.failed(0);
    for (let i = 0; i < 6; i++) circuit.succeeded(60_000);
    for (let i = 0; i < 5; i++) circuit.failed(60_000);
    expect(circuit.state).toBe('closed');
  });

  it('lets one probe through after the pause, then a growing share, then all', () => {
    const circuit = opened();

    expect(circuit.admits(1_000, 0.9)).toBe(true);
    expect(circuit.admits(1_000, 0)).toBe(false);
    circuit.succeeded(1_001);
    expect(circuit.admits(1_002, 0.24)).toBe(true);
    expect(circuit.admits(1_002, 0.26)).toBe(false);
    circuit.succeeded(1_003);
    expect(circuit.admits(1_004, 0.49)).toBe(true);
    circuit.succeeded(1_005);
    expect(circuit.state).toBe('closed');
    expect(circuit.admits(1_006, 0.99)).toBe(true);
  });

  it('sends another probe when nothing was heard of the first', () => {
    const circuit = opened();

    expect(circuit.admits(1_000, 0)).toBe(true);
    expect(circuit.admits(1_999, 0)).toBe(false);
    expect(circuit.admits(2_000, 0)).toBe(true);
  });

  it('pauses no longer when the clock is put back', () => {
    const circuit = new Circuit(rules);
    for (let i = 0; i < 3; i++) circuit.failed(1_000_000);

    expect(circuit.admits(500_000, 0)).toBe(true);
    // The probe of a time to come is none to wait for either.
    expect(circuit.admits(100_000, 0)).toBe(true);
  });

  it('pauses twice as long each time a probe fails, up to a bound', () => {
    const circuit = opened();
    const pauses: number[] = [];
    for (let now = 0, i = 0; i < 4; i++) {
      now = circuit.openUntil;
      expect(circuit.admits(now, 0)).toBe(true);
      circuit.failed(now);
      pauses.push(circuit.openUntil - now);
    }

    expect(pauses).toEqual([2_000, 4_000, 4_000, 4_000]);
  });
});
