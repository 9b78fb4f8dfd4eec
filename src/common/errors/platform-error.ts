/** One entry of the control plane's `errors`. `path` says where in the request: `["body", "cache_ttl"]`. */
export interface PlatformErrorItem {
  readonly code: number;
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** One entry of the control plane's `messages`. */
export interface PlatformMessage {
  readonly code: number;
  readonly message: string;
}

/** Codes of the control plane's errors, as the tools that drive it know them. */
export const PLATFORM_CODES = {
  internal: 1000,
  invalid: 7001,
  notFound: 7002,
  noRoute: 7003,
  /** Of dynamic routes: not found, and already there. */
  dynamicRoute: 7005,
  throttled: 971,
  authentication: 10_000,
  forbidden: 10_001,
} as const;

/** Codes of the Secrets Store's own errors, whose clients look for the message: `store_not_found`, `secret_name_empty`. */
export const SECRETS_STORE_CODES = { store: 1000, secret: 1001, limit: 1003 } as const;

/**
 * An error of the control plane. Never 409, which the SDKs of this API send twice again: a duplicate is a 400.
 * `messages` say for people what `errors` say for programs.
 */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';

  constructor(
    readonly status: number,
    readonly errors: readonly PlatformErrorItem[],
    readonly messages: readonly PlatformMessage[] = [],
    cause?: unknown,
  ) {
    super(errors.map(({ message }) => message).join('; '), cause === undefined ? undefined : { cause });
  }
}

/** What is wrong with one place of the request. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

const INPUT_ERROR = 'Input Validation Error';
const MAX_ISSUES = 50;

/** 400/7001: an `errors` entry for each place that is wrong, with the reasons among the `messages`. */
export function inputError(...issues: readonly InputIssue[]): PlatformError {
  const shown = issues.slice(0, MAX_ISSUES).map(({ path, reason }) => ({ path, place: path.join('.'), reason }));
  const places = new Map(shown.map(({ place, path }) => [place, path]));
  return new PlatformError(
    400,
    [...places.values()].map((path) => ({ code: PLATFORM_CODES.invalid, message: INPUT_ERROR, path })),
    shown.map(({ place, reason }) => ({ code: PLATFORM_CODES.invalid, message: `${place}: ${reason}` })),
  );
}

/** 400/7001 with a message of its own: duplicates ("already exists") and references that lead nowhere ("was not found"). */
export const refused = (message: string, path: readonly (string | number)[]): PlatformError =>
  new PlatformError(400, [{ code: PLATFORM_CODES.invalid, message, path }]);

/** 404/7002. */
export const notFound = (): PlatformError =>
  new PlatformError(404, [{ code: PLATFORM_CODES.notFound, message: 'Not Found' }]);

/** 404/7005: a dynamic route, or a version of one. */
export const dynamicRouteNotFound = (what: string): PlatformError =>
  new PlatformError(404, [{ code: PLATFORM_CODES.dynamicRoute, message: `${what} not found` }]);

/** 400/7005. */
export const dynamicRouteExists = (name: string): PlatformError =>
  new PlatformError(400, [
    {
      code: PLATFORM_CODES.dynamicRoute,
      message: `A route with the name "${name}" already exists`,
      path: ['body', 'name'],
    },
  ]);

/** 404/7003: an account that is not the caller's, whether there is one or not, and a path that is none. */
export const noSuchRoute = (): PlatformError =>
  new PlatformError(404, [
    {
      code: PLATFORM_CODES.noRoute,
      message: 'Invalid route: could not route the request, perhaps an identifier is wrong',
    },
  ]);

/** 401/10000. */
export const unauthenticated = (): PlatformError =>
  new PlatformError(401, [{ code: PLATFORM_CODES.authentication, message: 'Authentication error' }]);

/** 403/10001: a valid token that may not do this. */
export const forbidden = (why: string): PlatformError =>
  new PlatformError(
    403,
    [{ code: PLATFORM_CODES.forbidden, message: 'Method not allowed for token' }],
    [{ code: PLATFORM_CODES.forbidden, message: why }],
  );
