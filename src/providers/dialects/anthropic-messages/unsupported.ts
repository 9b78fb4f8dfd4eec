import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ProviderTarget } from '../../provider-strategy.js';

/** Who refuses: for the message of a 400. */
export interface Refuser {
  readonly name: string;
  readonly target: ProviderTarget;
}

/** A 400 for what the provider cannot do. `instead` says what would work. */
export const unsupported = (param: string, instead: string, { name, target }: Refuser): GatewayError =>
  new GatewayError(
    'unsupported_parameter',
    `${name} does not support this '${param}' with the model '${target.model}'. ${instead}`,
    { param, provider: target.provider, model: target.model },
  );

/** A 400 for what makes no sense at any provider of this dialect. */
export const invalid = (param: string, message: string, { target }: Refuser): GatewayError =>
  new GatewayError('invalid_request', message, { param, provider: target.provider, model: target.model });
