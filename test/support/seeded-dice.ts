import { Dice } from '../../src/common/dice.js';

/** Chance that comes out the same every time: Mulberry32. */
export class SeededDice extends Dice {
  constructor(private state: number) {
    super();
  }

  override roll(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
