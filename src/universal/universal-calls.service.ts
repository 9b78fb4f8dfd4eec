import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CallerCredentials } from '../auth/caller-credentials.service.js';
import { accessOf } from '../auth/guards/gateway-token.guard.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { Secret } from '../common/secret.js';
import { dialectRequestSchema } from '../contract/dialect-request.schema.js';
import { embeddingsRequestSchema } from '../contract/embeddings-request.schema.js';
import { forwardedHeaders, type InboundHeaders } from '../contract/gateway-headers.js';
import { modelNameSchema } from '../contract/model-name.js';
import { parseBody, parseValue } from '../contract/parse-body.js';
import { chatCompletionRequestSchema } from '../contract/chat-completion-request.schema.js';
import { type UniversalStep, universalRequestSchema } from '../contract/universal-request.schema.js';
import { BodyReader } from '../http/body-reader.service.js';
import { InFlightCalls } from '../http/in-flight.service.js';
import { addresseeOf, ReplyPresenter } from '../http/reply.presenter.js';
import { isStreamed, type ProviderCall, type ProviderStrategy } from '../providers/provider-strategy.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { readNativeCall, toDialectCall } from '../providers/read-native-call.js';
import { toCallHead, toCallRequest } from '../routing/call-request.js';
import { type RefusedStep, RoutingService, type Step } from '../routing/routing.service.js';

/** The provider that stands for the compat surface. */
const COMPAT = 'compat';
const NOTHING = Buffer.alloc(0);

/** Universal calls: reads the steps, has them tried in turn, and writes the answer of the one that won. */
@Injectable()
export class UniversalCalls {
  constructor(
    private readonly registry: ProviderRegistry,
    private readonly credentials: CallerCredentials,
    private readonly routing: RoutingService,
    private readonly presenter: ReplyPresenter,
    private readonly inFlight: InFlightCalls,
    private readonly bodies: BodyReader,
  ) {}

  async serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const inFlight = this.inFlight.enter(reply.raw);
    const raw = await this.bodies.read(request.raw, inFlight);
    const access = accessOf(request);
    const head = toCallHead('universal', request, access);
    const steps = parseBody(raw, universalRequestSchema).map((step, index) => this.toStep(step, index, request));
    inFlight.outlivesCaller =
      !steps.some((step) => 'request' in step && isStreamed(step.request.call)) &&
      access.gateway.engine.finish_abandoned_calls === true;
    const served = await this.routing.inTurn(steps, head, raw.length, inFlight.cancellation);
    // What a step says of itself, in headers of its own, is said of its answer.
    const answered = steps[served.attempt.step];
    const asked = answered !== undefined && 'request' in answered ? answered.request : head;
    reply.hijack();
    this.presenter.present(served, addresseeOf(request, asked), reply.raw);
  }

  private toStep(step: UniversalStep, index: number, request: FastifyRequest): Step | RefusedStep {
    try {
      return this.toUsableStep(step, index, request);
    } catch (refusal) {
      if (!(refusal instanceof GatewayError)) throw refusal;
      return { provider: step.provider, model: modelOf(step), refusal };
    }
  }

  private toUsableStep(step: UniversalStep, index: number, request: FastifyRequest): Step {
    const headers = headersOf(step);
    // A key for one provider is no key for the next: none of the outer request's is shown to any of them.
    const { providerKey } = this.credentials.read(headers);
    const access = { ...accessOf(request), inlineKey: providerKey === null ? null : new Secret(providerKey) };
    const { accountId } = access.gateway;
    const strategy =
      step.provider === COMPAT ? null : this.registry.required(step.provider, accountId, `[${index}].provider`);
    const call = strategy === null ? toCompatCall(step, headers, index) : this.toNativeCall(strategy, step, headers);
    const { requestTimeout, maxAttempts, retryDelay, backoff } = step.config;
    return {
      strategy,
      request: toCallRequest(
        'universal',
        { id: request.id, url: request.url, headers: { ...request.headers, ...headers } },
        access,
        call,
      ),
      overrides: {
        ...(requestTimeout === undefined ? {} : { requestTimeoutMs: requestTimeout }),
        ...(maxAttempts === undefined ? {} : { maxAttempts }),
        ...(retryDelay === undefined ? {} : { retryDelayMs: retryDelay }),
        ...(backoff === undefined ? {} : { backoff }),
      },
    };
  }

  private toNativeCall(strategy: ProviderStrategy, step: UniversalStep, headers: InboundHeaders): ProviderCall {
    const credentials = this.credentials.own(headers);
    return readNativeCall(strategy, {
      method: 'POST',
      path: `/${step.endpoint.replace(/^\/+/, '')}`,
      headers: { 'content-type': 'application/json', ...headers },
      hasOwnKey: credentials.length > 0,
      credentials,
      isOurs: this.credentials.isOurs,
      raw: bodyOf(step),
      upload: null,
    });
  }
}

const headersOf = ({ headers, authorization }: UniversalStep): Readonly<Record<string, string>> =>
  authorization === undefined || headers['authorization'] !== undefined ? headers : { ...headers, authorization };

const bodyOf = ({ query }: UniversalStep): Buffer =>
  query === undefined ? NOTHING : Buffer.from(JSON.stringify(query));

/** As it was asked for, in whatever words; empty where none was. */
function modelOf({ query }: UniversalStep): string {
  const named = namesModel.safeParse(query);
  return named.success ? named.data.model : '';
}

const namesModel = z.object({ model: modelNameSchema });

/** A step in OpenAI's dialect: its model says where it goes, a dynamic route included. */
function toCompatCall(step: UniversalStep, headers: InboundHeaders, index: number): ProviderCall {
  const rest = { raw: bodyOf(step), headers: forwardedHeaders(headers) };
  switch (/^\/*(?:v1\/)?([^?]*)/.exec(step.endpoint)?.[1] ?? '') {
    case 'chat/completions':
      return { kind: 'chat', request: parseValue(step.query, chatCompletionRequestSchema), ...rest };
    case 'embeddings':
      return { kind: 'embeddings', request: parseValue(step.query, embeddingsRequestSchema), ...rest };
    case 'responses': {
      const stepHeaders = { 'content-type': 'application/json', ...headers };
      return toDialectCall('responses', '', parseValue(step.query, dialectRequestSchema), rest.raw, stepHeaders);
    }
    default:
      throw new GatewayError(
        'invalid_request',
        'A step of "compat" has the endpoint chat/completions, embeddings or responses.',
        { param: `[${index}].endpoint` },
      );
  }
}
