import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerCredentials } from '../auth/caller-credentials.service.js';
import { accessOf } from '../auth/guards/gateway-token.guard.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { HTTP_METHODS, type HttpMethod } from '../common/http-methods.js';
import type { Surface } from '../contract/surface.js';
import { BodyReader } from '../http/body-reader.service.js';
import { InFlightCalls } from '../http/in-flight.service.js';
import { addresseeOf, ReplyPresenter } from '../http/reply.presenter.js';
import { refuseWebSocket } from '../http/web-socket.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { readNativeCall } from '../providers/read-native-call.js';
import { toCallRequest } from '../routing/call-request.js';
import { RoutingService } from '../routing/routing.service.js';

/** What every call of a provider's own API goes through. */
@Injectable()
export class NativeCalls {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: CallerCredentials,
    private readonly routing: RoutingService,
    private readonly presenter: ReplyPresenter,
    private readonly inFlight: InFlightCalls,
    private readonly bodies: BodyReader,
  ) {}

  /** At `/v1/{account}/{gateway}/{provider}/{path}`. */
  serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    return this.pass(request, reply, 'native', takenApart(request.raw.url ?? ''));
  }

  /** At the account's `…/ai/run/{model}`: a model of Workers AI, in its own words. */
  run(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    return this.pass(request, reply, 'rest', { slug: WORKERS_AI, path: runPath(request.raw.url ?? '') });
  }

  private async pass(
    request: FastifyRequest,
    reply: FastifyReply,
    surface: Surface,
    { slug, path }: NativePlace,
  ): Promise<void> {
    const { headers } = request;
    const inFlight = this.inFlight.enter(reply.raw);
    const access = accessOf(request);
    if (slug === 'compat') throw new GatewayError('not_found', 'There is nothing at this path below /compat.');
    const strategy = this.registry.required(slug, access.gateway.accountId);
    refuseWebSocket(headers);
    const { raw, upload } = await this.bodies.receive(request.raw, inFlight);
    const hasOwnKey = access.inlineKey !== null;
    const call = readNativeCall(strategy, {
      method: methodOf(request.method),
      path,
      headers,
      hasOwnKey,
      credentials: hasOwnKey ? this.credentials.own(headers) : [],
      isOurs: this.credentials.isOurs,
      raw,
      upload,
    });
    const asked = toCallRequest(surface, request, access, call);
    // What has been sent on cannot be sent again.
    const once = upload === null ? asked : { ...asked, overrides: { ...asked.overrides, maxAttempts: 1 } };
    inFlight.outlivesCaller =
      upload === null && !call.request.stream && access.gateway.engine.finish_abandoned_calls === true;
    const served = await this.routing.pass(strategy, once, inFlight.cancellation);
    reply.hijack();
    this.presenter.present(served, addresseeOf(request, asked), reply.raw);
  }
}

/** Whose API it is, and what follows in it, as it was written, with its query string. */
interface NativePlace {
  readonly slug: string;
  readonly path: string;
}

const WORKERS_AI = 'workers-ai';

/** The SDK of Cloudflare writes a model's slashes as `%2F`. Throws `invalid_provider` for a model of anybody else's. */
function runPath(url: string): string {
  const [path = '', query] = url.split(/\?(.*)/s, 2);
  const model = unescaped(path.slice(path.indexOf('/ai/run/') + '/ai/run/'.length));
  if (!/^@(?:cf|hf)\/[\x21\x22\x24-\x3e\x40-\x7e]+$/.test(model))
    throw new GatewayError('invalid_provider', 'What is run here is a model of Workers AI: @cf/{author}/{model}.');
  return `/run/${model}${query === undefined ? '' : `?${query}`}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `/v1/{account}/{gateway}/{provider}/{path}` */
function takenApart(url: string): NativePlace {
  let from = 0;
  for (let part = 0; part < 3; part++) from = url.indexOf('/', from + 1);
  const below = url.slice(from + 1);
  const end = below.search(/[/?]/);
  return end === -1 ? { slug: below, path: '' } : { slug: below.slice(0, end), path: below.slice(end) };
}

function methodOf(name: string): HttpMethod {
  const method = HTTP_METHODS.find((one) => one === name);
  if (method === undefined) throw new GatewayError('not_found', `There is no ${name} here.`);
  return method;
}
