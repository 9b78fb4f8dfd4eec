/** The time of day, as an administrator or NTP sets it: `Date.now()` of everything in this process, while timers go on as they did. */
export class WallClock {
  private readonly original = Date.now;
  private offsetMs = 0;

  constructor() {
    Date.now = () => this.original() + this.offsetMs;
  }

  /** Forward, or back. */
  jump(ms: number): void {
    this.offsetMs += ms;
  }

  /** As it was before the test. */
  right(): void {
    Date.now = this.original;
  }
}
