import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ProviderTarget } from '../../provider-strategy.js';

/** Whose limits a mapper speaks of. */
export interface GeminiContext {
  /** The vendor's name for people. */
  readonly name: string;
  readonly target: ProviderTarget;
}

/** 400: the provider cannot do this, and leaving it out would change the answer. `instead` says what would work. */
export const unsupported = (param: string, instead: string, { name, target }: GeminiContext): GatewayError =>
  new GatewayError(
    'unsupported_parameter',
    `${name} does not support this '${param}' with the model '${target.model}'. ${instead}`,
    { param, provider: target.provider, model: target.model },
  );

/** 400: the request contradicts itself. */
export const invalid = (param: string, message: string, { target }: GeminiContext): GatewayError =>
  new GatewayError('invalid_request', message, { param, provider: target.provider, model: target.model });
