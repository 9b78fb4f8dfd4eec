import { z } from 'zod';

const answerSchema = z.looseObject({
  success: z.boolean(),
  result: z.unknown().optional(),
  errors: z.array(z.looseObject({ message: z.string() })).default([]),
  messages: z.array(z.looseObject({ message: z.string() })).default([]),
  result_info: z.looseObject({ total_count: z.number().optional() }).nullish(),
});

type Answer = z.infer<typeof answerSchema>;

const PER_PAGE = 50;

/** What the control plane would not do. */
export class ControlPlaneRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A control plane as its REST API shows it: ours, or one that ours was made after. */
export class ControlPlaneClient {
  /** @param root `https://…/client/v4` */
  constructor(
    private readonly root: string,
    private readonly token: string,
  ) {}

  /** The result of one call. Throws `ControlPlaneRefusal` unless it succeeded. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.ask(method, path, body)).result;
  }

  /** All pages of a list. Lists of routes stand in `data`, under a name of their own. */
  async list(path: string, nameInData?: string): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    const seen = new Set<string>();
    for (let page = 1; ; page++) {
      const answer = await this.ask('GET', `${path}?page=${page}&per_page=${PER_PAGE}`);
      const items = itemsOf(answer, nameInData);
      // A server that knows no pages answers with the same one again.
      const isNew = !seen.has(JSON.stringify(items[0]));
      seen.add(JSON.stringify(items[0]));
      if (items.length === 0 || !isNew) return found;
      found.push(...items);
      if (found.length >= (answer.result_info?.total_count ?? Number.POSITIVE_INFINITY)) return found;
    }
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.root}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = answerSchema.safeParse(await response.json().catch(() => null));
    if (answer.success && answer.data.success) return answer.data;
    const reasons = answer.success ? [...answer.data.errors, ...answer.data.messages] : [];
    const told = reasons.map(({ message }) => message).join('; ') || 'no answer of a control plane';
    throw new ControlPlaneRefusal(response.status, `${method} ${path}: ${response.status} ${told}`);
  }
}

function itemsOf(answer: Answer, nameInData: string | undefined): readonly unknown[] {
  const data = z.looseObject({ data: z.record(z.string(), z.unknown()) }).safeParse(answer);
  const items = nameInData !== undefined && data.success ? data.data.data[nameInData] : answer.result;
  return z.array(z.unknown()).nullable().parse(items) ?? [];
}
