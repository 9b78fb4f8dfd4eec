import { z } from 'zod';
import { GatewayError } from '../common/errors/gateway-error.js';
import { inboundHeader, type InboundHeaders } from './gateway-headers.js';

const HEADER = 'cf-aig-custom-cost';

const dollars = z.number().min(0).max(1_000_000);

const customCostSchema = z.looseObject({
  per_token_in: dollars.optional(),
  per_token_out: dollars.optional(),
  per_cache_read_token: dollars.optional(),
  per_cache_write_token: dollars.optional(),
  total_cost: dollars.optional(),
});

/** What a caller says that a call costs, in dollars: a token, or all of it (`total_cost`, which goes before the others). */
export type CustomCost = z.infer<typeof customCostSchema>;

/** Reads `cf-aig-custom-cost`; null where it is absent or names no price. Throws `invalid_request`. */
export function parseCustomCost(headers: InboundHeaders): CustomCost | null {
  const text = headers[HEADER] === undefined ? null : inboundHeader(headers, HEADER);
  if (text === null) return null;
  const cost = customCostSchema.safeParse(parsed(text));
  if (!cost.success) {
    throw new GatewayError(
      'invalid_request',
      `The header ${HEADER} must be a JSON object with dollars a token, such as {"per_token_in":0.000001,"per_token_out":0.000002}.`,
      { param: HEADER },
    );
  }
  const names = Object.keys(customCostSchema.shape);
  return names.some((name) => cost.data[name] !== undefined) ? cost.data : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
