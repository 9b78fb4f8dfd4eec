import { GatewayError } from '../../common/errors/gateway-error.js';
import { Secret } from '../../common/secret.js';
import { readGoogleCredential, type GoogleCredential } from '../dialects/google-auth/google-credential.js';
import { isText } from '../dialects/openai-chat/json-value.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { readVertexModel, type VertexModel } from './vertex-model.js';

/** The host of the location `global`, and of API keys, which belong to no location. */
export const VERTEX_ORIGIN = 'https://aiplatform.googleapis.com';

const GLOBAL = 'global';
/** Locations that span several regions have hosts of their own. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu']);
/** It becomes part of a host's name: nothing in it may lead elsewhere. */
export const LOCATION = /^[a-z][a-z0-9-]{0,40}$/;
const PROJECT = /^[a-z0-9][a-z0-9.:-]{0,99}$/i;

/** One call's place on Vertex: the target with the host, the path of the location, the bare model, and the token to show. */
export interface VertexPlace {
  readonly model: VertexModel;
  readonly target: ProviderTarget;
  /** How the credential is shown, header name and value. */
  readonly credential: readonly string[];
}

/**
 * Project and region come from the model's name when it is a whole resource name, else from the key's settings, else from the
 * service account. Throws 400 when the vendor's own host is to be called and no project is known.
 */
export function toVertexPlace(target: ProviderTarget): VertexPlace {
  const model = readVertexModel(target.model);
  const credential = target.credential === null ? null : readGoogleCredential(target.credential.secret);
  const account = credential?.kind === 'service-account' ? credential.account : null;
  const settings = target.credential?.settings ?? {};
  const project = model.project ?? textOf(settings['project_id']) ?? account?.project_id ?? null;
  const location = model.location ?? textOf(settings['region']) ?? account?.region ?? GLOBAL;
  if (!LOCATION.test(location)) throw refused(target, `'${location}' is no region of Vertex AI.`);
  if (project !== null && !PROJECT.test(project)) throw refused(target, `'${project}' is no project id.`);

  // An operator's or a key's own base URL stands as it is.
  const isVendors = target.base.origin === VERTEX_ORIGIN;
  const isExpress = credential?.kind === 'api-key' || (project === null && !isVendors);
  if (project === null && !isExpress) throw refused(target, `${MISSING_PROJECT} ${HOW_TO_NAME_IT}`);
  const path = isExpress || project === null ? '/v1' : `/v1/projects/${project}/locations/${location}`;
  return {
    model,
    credential: shownBy(credential, target).header,
    target: {
      ...toShownTarget(target),
      base: {
        origin: isVendors && !isExpress ? originOf(location) : target.base.origin,
        pathPrefix: target.base.pathPrefix + path,
      },
    },
  };
}

/** The target with the publisher's own model id, and with what is shown in the place of the key. Never throws. */
export function toShownTarget(target: ProviderTarget): ProviderTarget {
  const { credential } = target;
  const secret = credential === null ? null : shownBy(readGoogleCredential(credential.secret), target).secret;
  return {
    ...target,
    model: readVertexModel(target.model).name,
    credential: credential === null || secret === null ? credential : { ...credential, secret },
  };
}

const MISSING_PROJECT = 'Vertex AI needs to know the project.';
const HOW_TO_NAME_IT =
  "Store the key with settings.project_id, or name the model as 'projects/{project}/locations/{region}/publishers/google/models/{model}'.";

/** Throws unless there is something to show that is not the key file itself. */
export function assertShowable({ credential, provider, model, accessToken }: ProviderTarget): void {
  if (credential === null) return;
  const read = readGoogleCredential(credential.secret);
  if (read.kind === 'unreadable') {
    const whose = credential.source === 'stored' ? `The stored key '${credential.alias ?? 'default'}'` : 'The key sent';
    throw new GatewayError('missing_provider_key', `${whose} is no service account of Google's: ${read.reason}.`, {
      provider,
      model,
    });
  }
  if (read.kind === 'service-account' && accessToken === undefined)
    throw new GatewayError('internal', 'No token was made for the service account.', { provider, model });
}

/** How a key is shown, header name and value. Throws unless there is something to show that is not the key file itself. */
export function toShownHeader(target: ProviderTarget): readonly string[] {
  assertShowable(target);
  return target.credential === null ? [] : shownBy(readGoogleCredential(target.credential.secret), target).header;
}

const textOf = (value: unknown): string | null => (isText(value) ? value : null);

/** The host of a location. */
export function originOf(location: string): string {
  if (location === GLOBAL) return VERTEX_ORIGIN;
  return MULTI_REGIONS.has(location)
    ? `https://aiplatform.${location}.rep.googleapis.com`
    : `https://${location}-aiplatform.googleapis.com`;
}

/**
 * A service account is never shown itself: a token stands for it, which the client gets before the request is made. Without one
 * there is nothing to show, and no request either.
 */
function shownBy(
  credential: GoogleCredential | null,
  { accessToken }: ProviderTarget,
): { readonly header: readonly string[]; readonly secret: Secret | null } {
  if (credential === null) return { header: [], secret: null };
  if (credential.kind === 'api-key') return { header: ['x-goog-api-key', credential.key], secret: null };
  if (credential.kind === 'token') return bearer(credential.token);
  return accessToken === undefined ? { header: [], secret: new Secret('') } : bearer(accessToken);
}

const bearer = (token: string) => ({ header: ['authorization', `Bearer ${token}`], secret: new Secret(token) });

const refused = ({ provider, model }: ProviderTarget, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param: 'model', provider, model });
