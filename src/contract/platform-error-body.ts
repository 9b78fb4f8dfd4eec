import { z } from 'zod';

import { GatewayError } from '../common/errors/gateway-error.js';
import {
  type InputIssue,
  inputError,
  noSuchRoute,
  PLATFORM_CODES,
  PlatformError,
  type PlatformErrorItem,
  type PlatformMessage,
} from '../common/errors/platform-error.js';

/** The control plane's error envelope. */
export interface PlatformErrorBody {
  readonly success: false;
  readonly errors: readonly PlatformErrorItem[];
  readonly messages: readonly PlatformMessage[];
  readonly result: null;
}

/** What a framework's error has: Nest's says `getStatus()`, Fastify's `statusCode`. Read by shape: this folder knows neither. */
const httpError = z.object({ message: z.string(), statusCode: z.number().int().min(400).max(599) });
const nestError = z.object({ message: z.string(), status: z.number().int().min(400).max(599) });

const CODES: Readonly<Record<number, number>> = {
  401: PLATFORM_CODES.authentication,
  403: PLATFORM_CODES.forbidden,
  404: PLATFORM_CODES.noRoute,
  405: PLATFORM_CODES.noRoute,
  429: PLATFORM_CODES.throttled,
};

const codeOf = (status: number): number =>
  CODES[status] ?? (status >= 500 ? PLATFORM_CODES.internal : PLATFORM_CODES.invalid);

/** Anything thrown, as an error of the control plane. What nobody foresaw is a 500 that tells nothing of itself. */
function toPlatformError(exception: unknown): PlatformError {
  if (exception instanceof PlatformError) return exception;
  if (exception instanceof GatewayError) return answer(exception.status, exception.message);
  if (exception instanceof z.ZodError) return inputError(...toInputIssues(exception, ['body']));
  if (exception instanceof SyntaxError) return inputError({ path: ['body'], reason: 'is not valid JSON' });
  const fastify = httpError.safeParse(exception);
  if (fastify.success) return answer(fastify.data.statusCode, fastify.data.message);
  const nest = nestError.safeParse(exception);
  if (nest.success) return answer(nest.data.status, nest.data.message);
  return answer(500, 'Internal error');
}

function answer(given: number, message: string): PlatformError {
  const status = given === 409 ? 400 : given;
  if (status === 404) return noSuchRoute();
  if (status === 400) return inputError({ path: ['body'], reason: message });
  return new PlatformError(status, [{ code: codeOf(status), message: status >= 500 ? 'Internal error' : message }]);
}

/** A schema's complaints, with the part of the request they are about before each path. */
export const toInputIssues = (error: z.ZodError, part: readonly string[]): InputIssue[] =>
  error.issues.map(({ path, message }) => ({
    path: [...part, ...path.map((key) => (typeof key === 'symbol' ? String(key) : key))],
    reason: message,
  }));

/** The control plane's answer to any error. */
export function toPlatformErrorBody(exception: unknown): { readonly status: number; readonly body: PlatformErrorBody } {
  const { status, errors, messages } = toPlatformError(exception);
  return { status, body: { success: false, errors, messages, result: null } };
}
