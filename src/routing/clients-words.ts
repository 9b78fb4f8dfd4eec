import { GatewayError } from '../common/errors/gateway-error.js';
import { toCompatErrorBody, toGatewayErrorBody } from '../contract/error-body.js';

/**
 * The error of a universal call as its client reads it. A provider's own is passed on as it was; that of a step of `compat`, which has
 * no words of its own left, in OpenAI's. Cloudflare's clients parse every 400 and 401 as JSON without looking.
 */
export function inClientsWords(error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.key !== 'upstream_error') return error;
  const { answer } = error.details;
  if (answer === undefined) return withBody(error, toCompatErrorBody(error));
  if ((answer.status === 400 || answer.status === 401) && !isJson(answer.body))
    return withBody(error, toGatewayErrorBody(error));
  return error;
}

const withBody = (error: GatewayError, body: object): GatewayError =>
  error.with({
    answer: {
      status: error.status,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: Buffer.from(JSON.stringify(body)),
    },
  });

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
