/** Where the compat surface is: at a gateway, and at an account, where a header names the gateway (`cf-aig-gateway-id`). */
export const COMPAT_PATHS = ['v1/:accountId/:gatewayId/compat', 'client/v4/accounts/:account_id/ai/v1'];
