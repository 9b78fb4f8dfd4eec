import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ProviderTarget } from '../../provider-strategy.js';

/** Whose request is written, for the words of a refusal. */
export interface RequestContext {
  /** The vendor's name for people. */
  readonly name: string;
  readonly target: ProviderTarget;
}

/** What the Responses wire cannot say, and what would work. `param`: a path in the caller's request. */
export const toRefusal = (
  param: string,
  what: string,
  instead: string,
  { name, target }: RequestContext,
): GatewayError =>
  new GatewayError(
    'unsupported_parameter',
    `${name} serves the model '${target.model}' by its Responses endpoint, which does not take ${what}. ${instead}`,
    { param, provider: target.provider, model: target.model },
  );
