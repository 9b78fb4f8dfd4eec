import type { GatewaySettings } from '../gateways/gateway-settings.js';

/** Does the gateway let callers say that a call costs less than by its price, so that budgets take less for it? */
export const trustsCustomCost = ({ engine }: GatewaySettings): boolean => engine.budgets?.custom_cost === 'trust';
