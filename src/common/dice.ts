/** Chance as an injectable thing: a fixed throw makes a choice repeatable. */
export abstract class Dice {
  /** A number in [0, 1). */
  abstract roll(): number;
}

export class RandomDice extends Dice {
  override roll(): number {
    return Math.random();
  }
}
