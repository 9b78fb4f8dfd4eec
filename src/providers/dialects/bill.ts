import { type NanoUsd, toAttoUsd, toNanoUsd } from '../../common/money.js';
import type { Usage } from '../../contract/chat-completion.js';
import type { ProviderBill } from '../provider-strategy.js';
import { isObject, type JsonObject } from './openai-chat/json-value.js';
import { count } from './openai-chat/usage.js';

/** xAI's ticks: ten thousand million of them are a dollar. */
const NANO_PER_TICK = 0.1;
/** More than that is no price of a call. */
const MAX_DOLLARS = 1e6;
const MAX_TICKS = MAX_DOLLARS * 1e10;

/**
 * What a usage object says of money, in any provider's words: OpenRouter's `cost` in dollars, Perplexity's `cost.total_cost`, xAI's
 * `cost_in_usd_ticks`; searches that were made; Cohere's `billed_units`, which are fewer than the tokens. Undefined where it says
 * nothing.
 */
export function toBill(usage: unknown): ProviderBill | undefined {
  if (!isObject(usage)) return undefined;
  const reported = ticksOf(usage) ?? dollarsOf(usage);
  const webSearches = searchesOf(usage);
  const billed = billedOf(usage);
  if (reported === undefined && webSearches === undefined && billed === undefined) return undefined;
  return {
    ...(reported === undefined ? {} : { reported }),
    ...(webSearches === undefined ? {} : { webSearches }),
    ...(billed === undefined ? {} : { billed }),
  };
}

/** Where others host xAI's models the field is there and 0, whatever was used. */
function ticksOf({ cost_in_usd_ticks: ticks }: JsonObject): NanoUsd | undefined {
  return typeof ticks === 'number' && ticks > 0 && ticks < MAX_TICKS ? Math.round(ticks * NANO_PER_TICK) : undefined;
}

/** With the customer's own key at OpenRouter `cost` is its fee, and what the key is charged stands apart. */
function dollarsOf({ cost, is_byok: isOwnKey, cost_details: details }: JsonObject): NanoUsd | undefined {
  const value = isObject(cost) ? cost['total_cost'] : cost;
  if (!isAmount(value)) return undefined;
  const upstream = isOwnKey === true && isObject(details) ? details['upstream_inference_cost'] : 0;
  return toNanoUsd(toAttoUsd(value) + (isAmount(upstream) ? toAttoUsd(upstream) : 0n));
}

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < MAX_DOLLARS;

function searchesOf({ server_tool_use: tools, server_tool_use_details: details }: JsonObject): number | undefined {
  const counted = tools ?? details;
  return isObject(counted) ? count(counted['web_search_requests']) : undefined;
}

function billedOf({ billed_units: units }: JsonObject): Usage | undefined {
  if (!isObject(units)) return undefined;
  const [input, output] = [count(units['input_tokens']), count(units['output_tokens'])];
  if (input === undefined && output === undefined) return undefined;
  const [prompt, completion] = [input ?? 0, output ?? 0];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
