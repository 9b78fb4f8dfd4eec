import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { FinishReason, Usage } from '../../../contract/chat-completion.js';
import type { UpstreamAnswer } from '../../../transport/upstream.types.js';
import type { AnswerFacts, CompletionAnswer, ProviderBill } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import type { AnswerQuirks } from './chat-quirks.js';
import { toInBandError, toNonsenseError, type ErrorContext } from './error.mapper.js';
import { isFailedFinish, isFinishReason, toFinishReason } from './finish-reason.js';
import { editMembers, type MemberEdit } from './json-members.js';
import { isObject, isText, parseJson } from './json-value.js';
import { repairToolCalls } from './message-repair.js';
import { repairUsage, toUsage } from './usage.js';

const OPEN_BRACE = 0x7b;

/**
 * A provider's whole answer: its own bytes where they are what OpenAI's clients read, else with the members replaced that are
 * not. Parsing costs a microsecond a KB and happens once, for usage, finish reason and errors under a 200.
 */
export function toCompletionAnswer(
  answer: UpstreamAnswer,
  quirks: AnswerQuirks,
  context: ErrorContext,
): CompletionAnswer {
  const bytes = trimStart(answer.body);
  const parsed = bytes[0] === OPEN_BRACE ? parseJson(bytes.toString()) : undefined;
  if (!isObject(parsed)) throw toNonsenseError(nameOfNonsense(bytes), bytes, context);

  const adapted = quirks.adapt?.(parsed, false) ?? parsed;
  if (adapted['error'] !== undefined && adapted['error'] !== null)
    throw toInBandError(adapted, answer.headers, context);
  const choices: unknown = adapted['choices'];
  if (!Array.isArray(choices) || choices.length === 0) throw toNonsenseError('without a choice', bytes, context);

  const repaired = choices.map((choice: unknown, index) => repairChoice(choice, index, quirks, context));
  const edits = new Map<string, unknown>();
  for (let index = 0; index < repaired.length; index++) {
    if (repaired[index] !== choices[index]) edits.set('choices', repaired);
  }
  const usage: unknown = adapted['usage'];
  const counted = toUsage(usage);
  if (isObject(usage)) {
    const sound = repairUsage(usage, counted);
    if (sound !== usage) edits.set('usage', sound);
  }
  const { target } = context;
  if (!isText(adapted['id'])) edits.set('id', target.completionId);
  if (typeof adapted['created'] !== 'number') edits.set('created', target.createdAt);
  if (!isText(adapted['model'])) edits.set('model', target.model);
  if (adapted['object'] !== 'chat.completion') edits.set('object', 'chat.completion');

  return {
    body:
      adapted === parsed
        ? spliced(bytes, edits)
        : Buffer.from(JSON.stringify({ ...adapted, ...Object.fromEntries(edits) })),
    facts: toFacts(counted, finishOf(repaired), adapted['model'], toBill(usage)),
  };
}

/** Absent members stay absent. */
export function toFacts(
  usage: Usage | undefined,
  finishReason: FinishReason | undefined,
  model: unknown,
  bill?: ProviderBill,
): AnswerFacts {
  // Assigned one by one: a spread a member costs a microsecond, and this runs on every call.
  const facts: { -readonly [Name in keyof AnswerFacts]: AnswerFacts[Name] } = {};
  if (usage !== undefined) facts.usage = usage;
  if (finishReason !== undefined) facts.finishReason = finishReason;
  if (isText(model)) facts.model = model;
  if (bill !== undefined) facts.bill = bill;
  return facts;
}

function spliced(bytes: Buffer, edits: ReadonlyMap<string, unknown>): Buffer {
  if (edits.size === 0) return bytes;
  const members = Array.from(edits, ([name, value]): [string, MemberEdit] => [
    name,
    { kind: 'set', value: JSON.stringify(value) },
  ]);
  return editMembers(bytes, new Map(members));
}

function finishOf(choices: readonly unknown[]): FinishReason | undefined {
  const first = choices.find(isObject);
  return isFinishReason(first?.['finish_reason']) ? first['finish_reason'] : undefined;
}

function repairChoice(choice: unknown, index: number, quirks: AnswerQuirks, context: ErrorContext): unknown {
  if (!isObject(choice) || !isObject(choice['message'])) return choice;
  const original = choice['message'];
  let message = repairToolCalls(original, context.target.completionId);
  for (const repair of quirks.repairs) message = repair(message);
  if (!isText(message['role'])) message = { role: 'assistant', ...message };
  if (message['content'] === undefined) message = { ...message, content: null };
  const hasTools = Array.isArray(message['tool_calls']) && message['tool_calls'].length > 0;

  const native = choice['finish_reason'];
  if (isFailedFinish(native) && !hasTools && !isText(message['content'])) {
    throw new GatewayError('upstream_failed', `${context.name} stopped with '${String(native)}' and gave no content.`, {
      provider: context.target.provider,
      model: context.target.model,
    });
  }
  const finish = finishFor(native, hasTools, quirks.infersFinish);
  const hasIndex = typeof choice['index'] === 'number';
  if (message === original && finish === native && hasIndex) return choice;
  return {
    ...choice,
    ...(hasIndex ? {} : { index }),
    message,
    finish_reason: finish,
    ...(finish === native || !isText(native) ? {} : { native_finish_reason: choice['native_finish_reason'] ?? native }),
  };
}

/** The finish reason for the caller, given the provider's and whether the message calls tools. */
export function finishFor(native: unknown, hasTools: boolean, infers: boolean): unknown {
  const finish = isText(native) ? toFinishReason(native) : native;
  if (!infers) return finish;
  if (finish === 'stop' || !isText(finish)) return hasTools ? 'tool_calls' : 'stop';
  return finish;
}

/** Some providers send white space while the answer is being made, so that proxies keep the connection open. */
function trimStart(bytes: Buffer): Buffer {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[start] === 0x20 || bytes[start] === 0x0a || bytes[start] === 0x0d || bytes[start] === 0x09) start++;
  return start === 0 ? bytes : bytes.subarray(start);
}

function nameOfNonsense(bytes: Buffer): string {
  if (bytes.length === 0) return 'with an empty body';
  const head = bytes.toString('latin1', 0, 64).toLowerCase();
  if (head.startsWith('<')) return 'with a web page instead of JSON';
  if (head.startsWith('data:') || head.startsWith('event:') || head.startsWith(':'))
    return 'with a stream although none was asked for';
  return head.startsWith('{')
    ? 'with JSON that breaks off or is malformed'
    : 'with something that is not a JSON object';
}
