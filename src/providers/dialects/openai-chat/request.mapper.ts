import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import type { ChatCall, ProviderTarget } from '../../provider-strategy.js';
import type { ParameterRule, RequestQuirks } from './chat-quirks.js';
import { editMembers, type MemberEdit, replaceFirstMember } from './json-members.js';

/** What a closed schema may lose without a change of the answer. All else that it does not take is refused. */
const HARMLESS: ReadonlySet<string> = new Set([
  'user',
  'metadata',
  'store',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'stream_options',
]);

/**
 * The body for the provider: the caller's bytes with the upstream's model id, and with what its quirks demand. Throws
 * `unsupported_parameter` for what the provider cannot do and whose loss would change the answer.
 */
export function toChatBody(call: ChatCall, target: ProviderTarget, name: string, quirks: RequestQuirks): Buffer {
  const { request } = call;
  const edits = new Map<string, MemberEdit>([['model', set(target.model)]]);
  const groups = rulesFor(target.model, quirks);
  const ruleOf = (parameter: string): ParameterRule | undefined =>
    groups.findLast(({ parameters }) => Object.hasOwn(parameters, parameter))?.parameters[parameter];

  for (const parameter in request) {
    if (parameter === 'model' || parameter === 'messages') continue;
    const value = request[parameter];
    const rule = ruleOf(parameter) ?? closedRule(parameter, quirks);
    const edit = rule === undefined ? undefined : toEdit(parameter, value, rule, request, { name, target });
    if (edit !== undefined) edits.set(parameter, edit);
    if (value !== null && rule?.do === 'rewrite') {
      for (const [other, its] of Object.entries(rule.also?.(value, request) ?? {})) edits.set(other, set(its));
    }
  }
  for (const { parameters } of groups) {
    for (const [parameter, rule] of Object.entries(parameters)) {
      if (rule.do !== 'default' || ruleOf(parameter) !== rule) continue;
      const isGiven = [parameter, ...rule.unless].some((other) => (request[other] ?? null) !== null);
      if (!isGiven) edits.set(parameter, set(rule.value));
    }
  }
  if (request.stream === true && quirks.streamUsage && request.stream_options?.include_usage !== true) {
    // The gateway meters every call; the chunk is taken out of the answer again when the caller did not ask for it.
    edits.set('stream_options', set({ ...request.stream_options, include_usage: true }));
  }
  if (!quirks.streamUsage && request.stream_options !== undefined) edits.set('stream_options', remove);
  const messages = quirks.rewriteMessages?.(request, target.model) ?? request.messages;
  if (messages !== request.messages) edits.set('messages', set(messages));
  return (edits.size === 1 ? withModel(call, target.model) : null) ?? editMembers(call.raw, edits);
}

/** Most bodies need no other change than the model's name. Null where it does not stand first, or is no plain text. */
function withModel({ raw, request }: ChatCall, model: string): Buffer | null {
  if (!PLAIN_NAME.test(request.model) || !PLAIN_NAME.test(model)) return null;
  return replaceFirstMember(raw, 'model', request.model, JSON.stringify(model));
}

/** A name that stands in JSON as it is, a byte a character. */
const PLAIN_NAME = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A provider's rules by model: the same few models are asked for again and again. */
const known = new WeakMap<RequestQuirks, Map<string, RequestQuirks['rules']>>();
/** Callers choose models' names, so there is a bound to how many are kept. */
const MAX_KNOWN = 1_000;

function rulesFor(model: string, quirks: RequestQuirks): RequestQuirks['rules'] {
  let models = known.get(quirks);
  if (models === undefined) known.set(quirks, (models = new Map()));
  let rules = models.get(model);
  if (rules === undefined) {
    rules = quirks.rules.filter(({ models: fitting }) => fitting === undefined || fitting.test(model));
    if (models.size >= MAX_KNOWN) models.clear();
    models.set(model, rules);
  }
  return rules;
}

const set = (value: unknown): MemberEdit => ({ kind: 'set', value: JSON.stringify(value) });
const remove: MemberEdit = { kind: 'remove' };

/** In a closed schema whatever is not accepted is left out where that is harmless, else refused. */
function closedRule(parameter: string, quirks: RequestQuirks): ParameterRule | undefined {
  if (quirks.otherParameters === 'forward' || quirks.accepted?.has(parameter) === true) return undefined;
  if (HARMLESS.has(parameter)) return { do: 'drop' };
  return { do: 'refuse', instead: 'Leave it out, or ask another provider.' };
}

interface RefusalContext {
  readonly name: string;
  readonly target: ProviderTarget;
}

const toRefusal = (parameter: string, instead: string, { name, target }: RefusalContext): GatewayError =>
  new GatewayError(
    'unsupported_parameter',
    `${name} does not support this '${parameter}' with the model '${target.model}'. ${instead}`,
    { param: parameter, provider: target.provider, model: target.model },
  );

function toEdit(
  parameter: string,
  value: unknown,
  rule: ParameterRule,
  request: ChatCompletionRequest,
  context: RefusalContext,
): MemberEdit | undefined {
  if (value === null) return rule.do === 'forward' ? undefined : remove;
  switch (rule.do) {
    case 'forward':
    case 'default':
      return undefined;
    case 'drop':
      return remove;
    case 'rename':
      // Both given: the one with the provider's name is the caller's later word.
      return (request[rule.to] ?? null) === null ? { kind: 'rename', to: rule.to } : remove;
    case 'rewrite': {
      const reason = rule.refuses?.(value, request) ?? null;
      if (reason !== null) throw toRefusal(parameter, reason, context);
      const changed = rule.to(value, request);
      if (changed === value) return undefined;
      return changed === undefined ? remove : set(changed);
    }
    case 'refuse':
      break;
  }
  if (rule.isNeutral?.(value) === true) return remove;
  throw toRefusal(parameter, rule.instead, context);
}
