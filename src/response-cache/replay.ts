import { GatewayError } from '../common/errors/gateway-error.js';
import { ChatStream, type StreamErrors } from '../providers/chat-stream.js';
import { isFinishReason } from '../providers/dialects/openai-chat/finish-reason.js';
import type { ProviderReply } from '../providers/provider-client.service.js';
import type { AnswerFacts, StreamTranslator } from '../providers/provider-strategy.js';
import type { TransportError } from '../transport/transport-error.js';
import { type BodySink, givenUp, type UpstreamBody } from '../transport/upstream-body.js';
import type { CachedAnswer } from './cached-answer.js';

const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A kept answer as a reply. Nobody was asked, so no tokens were used; streams come in the pieces they came in first. */
export function toReply({ kind, status, headers, model, finishReason, pieces }: CachedAnswer): ProviderReply {
  const facts: AnswerFacts = {
    usage: NO_TOKENS,
    ...(isFinishReason(finishReason) ? { finishReason } : {}),
    ...(model === null ? {} : { model }),
  };
  if (kind === 'json') return { kind, headers, body: pieces[0] ?? Buffer.alloc(0), facts, phases: null };
  const stream = new ChatStream(new ReplayBody(pieces), new ReplayTranslator(facts), ERRORS);
  return kind === 'stream' ? { kind, headers, stream, phases: null } : { kind, status, headers, stream, phases: null };
}

/** Gives piece after piece for as long as the sink takes them. */
class ReplayBody implements UpstreamBody {
  private sink: BodySink | null = null;
  private next = 0;
  private isPushing = false;
  private isOver = false;

  constructor(private readonly pieces: readonly Buffer[]) {}

  pipe(sink: BodySink): void {
    this.sink = sink;
    this.push();
  }

  resume(): void {
    this.push();
  }

  abort(reason: TransportError = givenUp()): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink?.error(reason);
  }

  private push(): void {
    const { sink } = this;
    // A sink that takes a piece may ask for more while it does.
    if (sink === null || this.isPushing || this.isOver) return;
    this.isPushing = true;
    let isFlowing = true;
    while (isFlowing && this.next < this.pieces.length && !this.hasEnded())
      isFlowing = sink.data(this.pieces[this.next++]!);
    this.isPushing = false;
    if (!isFlowing || this.hasEnded()) return;
    this.isOver = true;
    sink.end();
  }

  /** Behind a method: a sink may give up while it takes a piece, which the compiler does not see. */
  private hasEnded(): boolean {
    return this.isOver;
  }
}

/** What is kept is complete. */
class ReplayTranslator implements StreamTranslator {
  readonly started = true;
  readonly status = 'complete';
  readonly error = null;

  constructor(readonly facts: AnswerFacts) {}

  push(bytes: Buffer): readonly Buffer[] {
    return [bytes];
  }

  end(): readonly Buffer[] {
    return [];
  }
}

/** A replay ends early only when its caller leaves. */
const ERRORS: StreamErrors = {
  transport: (cause) => new GatewayError('shutting_down', 'The answer was given up.', { cause }),
  truncated: () => new GatewayError('internal', 'A kept answer was not whole.'),
};
