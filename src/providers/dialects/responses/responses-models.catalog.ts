import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';

/** When a model's chat must go by the Responses endpoint. */
type When = 'always' | 'tools-with-reasoning' | 'tools-with-effort' | 'never';

/**
 * OpenAI's models, matched by prefix, the first that fits decides (OpenAI's model pages and errors, read in November 2026):
 * some exist at /responses only, and from gpt-5.4 on /chat/completions refuses function tools unless the effort is `none`.
 * gpt-5.4 takes them when no effort is asked for: recorded from the service.
 * Families that nobody here has heard of behave as the newest.
 */
const ROWS: readonly (readonly [RegExp, When])[] = [
  [/^(?:o[13]|gpt-\d[\d.]*)-pro\b/, 'always'],
  [/^(?:gpt-\d[\d.]*-codex|codex-|computer-use)/, 'always'],
  [/^o\d(?:-mini)?-deep-research/, 'always'],
  [/^gpt-\d[\d.]*-chat-latest/, 'never'],
  [/^gpt-(?:3\.5|35|4|5(?:\.[0-3])?(?![.\d]))/, 'never'],
  [/^gpt-5\.4/, 'tools-with-effort'],
  [/^gpt-\d/, 'tools-with-reasoning'],
];

/** The same few models are asked for again and again; callers choose their names, so there is a bound to how many are kept. */
const known = new Map<string, When>();
const MAX_KNOWN = 1_000;

function whenOf(model: string): When {
  let when = known.get(model);
  if (when === undefined) {
    when = ROWS.find(([models]) => models.test(model))?.[1] ?? 'never';
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(model, when);
  }
  return when;
}

/** Does OpenAI serve this request for this model in full by its Responses endpoint only? */
export function needsResponses({ tools, reasoning_effort: effort }: ChatCompletionRequest, model: string): boolean {
  const when = whenOf(model);
  if (when === 'always' || when === 'never') return when === 'always';
  const reasons = effort == null ? when === 'tools-with-reasoning' : effort !== 'none';
  return reasons && (tools ?? []).length > 0;
}
