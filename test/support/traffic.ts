import { eventually } from './eventually.js';

/** What became of the calls of some traffic. */
export interface CallEnd {
  readonly number: number;
  readonly status: number;
  /** Did the answer come as a whole: a JSON value, or a stream with its `[DONE]`? */
  readonly isWhole: boolean;
  /** The gateway's id of the call, under which it is logged. */
  readonly logId: string;
}

/** On a machine that is busy with other suites. */
const PATIENCE_MS = 60_000;

/** Calls at a low, steady rate, JSON and streams in turn, until it is told to stop. */
export class Traffic {
  readonly ends: CallEnd[] = [];
  /** Calls that ended without an answer: the connection was refused, or broke. */
  readonly broken: string[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private begun = 0;

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly bodyOf: (stream: boolean) => Readonly<Record<string, unknown>>,
    callsASecond = 20,
  ) {
    this.timer = setInterval(() => this.begin(), 1_000 / callsASecond);
  }

  /** No new calls; resolves when those under way have ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  /** Resolves to the next so many calls, when they have ended. */
  async next(calls: number): Promise<readonly CallEnd[]> {
    const from = this.begun;
    await eventually(() => this.begun >= from + calls, PATIENCE_MS);
    await Promise.all(this.underWay);
    return this.ends.filter(({ number }) => number >= from && number < from + calls);
  }

  private begin(): void {
    const number = this.begun++;
    const call = this.call(number).catch((error: unknown) => void this.broken.push(String(error)));
    this.underWay.add(call);
    void call.finally(() => this.underWay.delete(call));
  }

  private async call(number: number): Promise<void> {
    const stream = number % 2 === 1;
    const response = await fetch(this.url, {
      method: 'POST',
      headers: this.headers,
      body: JSON.stringify({ ...this.bodyOf(stream), stream }),
    });
    const text = await response.text();
    this.ends.push({
      number,
      status: response.status,
      isWhole: response.ok && (stream ? text.endsWith('data: [DONE]\n\n') : isJson(text)),
      logId: response.headers.get('cf-aig-log-id') ?? '',
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
