import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Cancellation } from '../common/cancellation.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { transportConfig } from '../config/transport.config.js';
import type { UpstreamResponse } from '../transport/exchange.js';
import { HttpTransport } from '../transport/http-transport.service.js';
import { AttemptClocks } from '../transport/attempt-clocks.service.js';
import type { AttemptPhases, AttemptTimeouts, AttemptWatch } from '../transport/attempt-watch.js';
import { isTimeout, TIMEOUTS, TransportError } from '../transport/transport-error.js';
import { IterableBody, readBody } from '../transport/upstream-body.js';
import {
  headerOf,
  type UpstreamAnswer,
  type UpstreamHeaders,
  type UpstreamRequest,
} from '../transport/upstream.types.js';
import { ChatStream } from './chat-stream.js';
import { NO_ANSWER_QUIRKS } from './dialects/openai-chat/chat-quirks.js';
import { completionAsStream } from './dialects/openai-chat/completion-as-stream.js';
import { redactedAnswer } from './dialects/native/redacted-answer.js';
import { ChatStreamTranslator } from './dialects/openai-chat/stream-translator.js';
import { GoogleTokenSource } from './google-token-source.service.js';
import { ProviderRegistry } from './provider.registry.js';
import type { NativeCall } from './native-call.js';
import type {
  AnswerFacts,
  ChatCall,
  EmbeddingsCall,
  ProviderCall,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from './provider-strategy.js';
import { respond, SANDBOX_ORIGIN } from './sandbox/sandbox-responder.js';

export type { AttemptTimeouts } from '../transport/attempt-watch.js';

/** How many requests of one call are under way at once. */
const AT_ONCE = 4;

/** A provider's answer to a call: in OpenAI's dialect, or passed through. */
export type ProviderReply =
  | {
      readonly kind: 'json';
      readonly headers: UpstreamHeaders;
      readonly body: Buffer;
      readonly facts: AnswerFacts;
      readonly phases: AttemptPhases | null;
    }
  | {
      readonly kind: 'stream';
      readonly headers: UpstreamHeaders;
      readonly stream: ChatStream;
      readonly phases: AttemptPhases | null;
    }
  /** The provider's own answer, of whatever kind: its status, its headers, its bytes. */
  | {
      readonly kind: 'passthrough';
      readonly status: number;
      readonly headers: UpstreamHeaders;
      readonly stream: ChatStream;
      readonly phases: AttemptPhases | null;
    };

/** Build ─▶ send ─▶ read: translation meets I/O here only. One attempt at one target; retries are the executor's. */
@Injectable()
export class ProviderClient {
  constructor(
    private readonly transport: HttpTransport,
    private readonly clocks: AttemptClocks,
    private readonly googleTokens: GoogleTokenSource,
    private readonly registry: ProviderRegistry,
    @Inject(transportConfig.KEY) private readonly config: ConfigType<typeof transportConfig>,
  ) {
    for (const origin of registry.origins()) transport.trust(origin);
  }

  /** A chat, embeddings or a native call: see there. */
  ask(
    strategy: ProviderStrategy,
    call: ProviderCall,
    target: ProviderTarget,
    timeouts: AttemptTimeouts,
    cancellation: Cancellation,
  ): Promise<ProviderReply> {
    if (call.kind === 'chat') return this.chat(strategy, call, target, timeouts, cancellation);
    if (call.kind === 'embeddings') return this.embeddings(strategy, call, target, timeouts, cancellation);
    return this.native(strategy, call, target, timeouts, cancellation);
  }

  /**
   * Throws the provider's own error translated, `upstream_failed` or `upstream_timeout` when there is no usable answer,
   * `unsupported_parameter` for what the provider cannot do, and a `TransportError` of fault `aborted` when `cancellation` fired.
   * A stream is returned once it has real content, so an earlier failure is thrown like any other.
   */
  async chat(
    strategy: ProviderStrategy,
    call: ChatCall,
    asked: ProviderTarget,
    timeouts: AttemptTimeouts,
    cancellation: Cancellation,
  ): Promise<ProviderReply> {
    const target = strategy.tokenSource === undefined ? asked : await this.googleTokens.withToken(asked);
    const request = strategy.buildChatRequest(call, target);
    const isStream = call.request.stream === true;
    const watch = this.clocks.start(timeouts, isStream);
    try {
      if (!isStream) {
        const answer = await this.fetch(request, target, watch, cancellation);
        this.checkStatus(answer.status, strategy, target);
        if (answer.status >= 300) throw strategy.readError(answer, target);
        const { body, facts } = strategy.readChatCompletion(answer, call, target);
        return { kind: 'json', headers: answer.headers, body, facts, phases: watch };
      }
      const response = await this.send(request, target, watch, cancellation);
      this.checkStatus(response.status, strategy, target);
      if (response.status >= 300) throw strategy.readError(await this.readAnswer(response), target);
      if (isJson(response.headers)) return await this.streamOfCompletion(strategy, call, target, response, watch);
      const stream = await this.openStream(strategy.openChatStream(call, target), target, response, watch);
      return { kind: 'stream', headers: response.headers, stream, phases: watch };
    } catch (cause) {
      watch.done();
      throw cause instanceof TransportError ? toGatewayError(cause, target) : cause;
    }
  }

  /** Throws as `chat` does, and `invalid_provider` where the provider has no embeddings. */
  async embeddings(
    strategy: ProviderStrategy,
    call: EmbeddingsCall,
    asked: ProviderTarget,
    timeouts: AttemptTimeouts,
    cancellation: Cancellation,
  ): Promise<ProviderReply> {
    const { embeddings } = strategy;
    if (embeddings === undefined) throw this.registry.withoutEmbeddings(strategy, asked.accountId);
    const target = strategy.tokenSource === undefined ? asked : await this.googleTokens.withToken(asked);
    const requests = embeddings.buildRequests(call, target);
    const answers: UpstreamAnswer[] = [];
    for (let from = 0; from < requests.length; from += AT_ONCE) {
      const some = requests.slice(from, from + AT_ONCE);
      answers.push(
        ...(await Promise.all(some.map((request) => this.answerOf(request, strategy, target, timeouts, cancellation)))),
      );
    }
    const { body, facts } = embeddings.readAnswers(answers, call, target);
    // Of several requests none is the call's.
    return { kind: 'json', headers: answers[0]?.headers ?? {}, body, facts, phases: null };
  }

  /**
   * Throws as `chat` does; a provider's own error comes with its answer as it was. Redirects are answers like any other: they are
   * not followed.
   */
  async native(
    strategy: ProviderStrategy,
    call: NativeCall,
    asked: ProviderTarget,
    timeouts: AttemptTimeouts,
    cancellation: Cancellation,
  ): Promise<ProviderReply> {
    const target = strategy.tokenSource === undefined ? asked : await this.googleTokens.withToken(asked);
    const request = strategy.native.buildRequest(call, target);
    const watch = this.clocks.start(timeouts, call.request.stream);
    try {
      const response = await this.send(request, target, watch, cancellation);
      this.checkStatus(response.status, strategy, target);
      if (response.status >= 400) {
        const answer = await this.readAnswer(response);
        throw strategy.readError(answer, target).with({ answer: redactedAnswer(answer, target) });
      }
      const { status, headers } = response;
      const stream = await this.openStream(strategy.native.openAnswer(response, target), target, response, watch);
      return { kind: 'passthrough', status, headers, stream, phases: watch };
    } catch (cause) {
      watch.done();
      throw cause instanceof TransportError ? toGatewayError(cause, target) : cause;
    }
  }

  private async answerOf(
    request: UpstreamRequest,
    strategy: ProviderStrategy,
    target: ProviderTarget,
    timeouts: AttemptTimeouts,
    cancellation: Cancellation,
  ): Promise<UpstreamAnswer> {
    const watch = this.clocks.start(timeouts, false);
    try {
      const answer = await this.fetch(request, target, watch, cancellation);
      this.checkStatus(answer.status, strategy, target);
      if (answer.status >= 300) throw strategy.readError(answer, target);
      return answer;
    } catch (cause) {
      throw cause instanceof TransportError ? toGatewayError(cause, target) : cause;
    } finally {
      watch.done();
    }
  }

  private async openStream(
    translator: StreamTranslator,
    target: ProviderTarget,
    response: UpstreamResponse,
    watch: AttemptWatch,
  ): Promise<ChatStream> {
    const stream = new ChatStream(response.body, translator, {
      transport: (error) => orShuttingDown(toGatewayError(error, target)),
      truncated: () =>
        new GatewayError('upstream_failed', `The stream of ${describe(target)} ended before it was complete.`, {
          provider: target.provider,
          model: target.model,
        }),
    });
    stream.observe(() => watch.done());
    await stream.opened;
    watch.contentCame();
    return stream;
  }

  /** Some providers answer a stream request with one JSON body: the caller gets the stream it asked for all the same. */
  private async streamOfCompletion(
    strategy: ProviderStrategy,
    call: ChatCall,
    target: ProviderTarget,
    response: UpstreamResponse,
    watch: AttemptWatch,
  ): Promise<ProviderReply> {
    const { body } = strategy.readChatCompletion(await this.readAnswer(response), call, target);
    // What comes out of that is OpenAI's dialect, whatever the provider's own is.
    const { stream_options: options, n } = call.request;
    const wish = { wantsUsage: options?.include_usage === true, choices: n ?? 1 };
    const context = { name: strategy.name, target, rules: [] };
    const translator = new ChatStreamTranslator(wish, NO_ANSWER_QUIRKS, context);
    const events = new IterableBody(completionAsStream(body));
    const stream = await this.openStream(translator, target, { ...response, body: events }, watch);
    return { kind: 'stream', headers: response.headers, stream, phases: watch };
  }

  private async send(
    request: UpstreamRequest,
    { base }: ProviderTarget,
    watch: AttemptWatch,
    cancellation: Cancellation,
  ): Promise<UpstreamResponse> {
    if (request.origin !== SANDBOX_ORIGIN) return this.transport.send(request, watch, cancellation, base.isCustomers);
    const { status, headers, chunks } = respond(request);
    const body = new IterableBody(chunks);
    cancellation.onCancel(() => body.abort());
    watch.whenOver((fault) => body.abort(new TransportError(fault, TIMEOUTS[fault])));
    watch.connected();
    watch.headCame();
    return { status, headers, body };
  }

  private fetch(
    request: UpstreamRequest,
    target: ProviderTarget,
    watch: AttemptWatch,
    cancellation: Cancellation,
  ): Promise<UpstreamAnswer> {
    if (request.origin === SANDBOX_ORIGIN)
      return this.send(request, target, watch, cancellation).then((response) => this.readAnswer(response));
    return this.transport.fetch(request, watch, cancellation, this.config.maxAnswerBytes, target.base.isCustomers);
  }

  /** A token that is refused may have been withdrawn: the next call gets a new one. */
  private checkStatus(status: number, strategy: ProviderStrategy, target: ProviderTarget): void {
    if (status === 401 && strategy.tokenSource !== undefined) this.googleTokens.forget(target);
  }

  private async readAnswer({ status, headers, body }: UpstreamResponse): Promise<UpstreamAnswer> {
    return { status, headers, body: await readBody(body, this.config.maxAnswerBytes) };
  }
}

const isJson = (headers: UpstreamHeaders): boolean =>
  /^application\/(?:[^;]+\+)?json/.test(headerOf(headers, 'content-type') ?? '');

const describe = ({ provider, model }: ProviderTarget) => `${provider}/${model}`;

/** What a fault of the network means to the caller. An abort stays what it is: nobody is left to be told. */
function toGatewayError(error: TransportError, target: ProviderTarget): GatewayError | TransportError {
  if (error.fault === 'aborted') return error;
  return new GatewayError(
    isTimeout(error.fault) ? 'upstream_timeout' : 'upstream_failed',
    // Not where it was sought: that may be an address inside the operator's network.
    `No usable answer from ${describe(target)}: ${error.message} (${error.fault}).`,
    { provider: target.provider, model: target.model, metadata: { fault: error.fault }, cause: error },
  );
}

/** A stream that our own side gave up while its caller is still there: the process is stopping. */
const orShuttingDown = (error: GatewayError | TransportError): GatewayError =>
  error instanceof GatewayError
    ? error
    : new GatewayError('shutting_down', 'The gateway is shutting down; send the request again.', { cause: error });
