import type { UpstreamAnswer, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { ModelEntry } from '../../model-catalog.js';
import type {
  CompletionAnswer,
  EmbeddingsCall,
  EmbeddingsTranslation,
  ProviderTarget,
} from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { editMembers, type MemberEdit } from '../openai-chat/json-members.js';
import { isObject } from '../openai-chat/json-value.js';
import { toRequestHeaders, type WireHeaders } from '../openai-chat/request-headers.js';
import { toUsage } from '../openai-chat/usage.js';
import { readObject } from './embeddings-answer.js';
import { refusal } from './texts.js';
import { fromBase64, isVector, toBase64 } from './vectors.js';

/** What sets one provider of OpenAI's embeddings apart. */
export interface OpenAiEmbeddingsProvider {
  /** The vendor's name for people. */
  readonly name: string;
  readonly models: readonly ModelEntry[];
  readonly path: (target: ProviderTarget) => string;
  /** Does it encode what is asked for as `base64`? If not, numbers are asked for, and encoded here. */
  readonly encodes: boolean;
  /** What `dimensions` is called there; null where a model has but one size. */
  readonly dimensions: string | null;
  /** Default: the target's base. */
  readonly origin?: (target: ProviderTarget) => string;
  /** What its headers have otherwise than OpenAI's. */
  readonly wire?: (target: ProviderTarget) => WireHeaders;
}

/** Embeddings of a provider that speaks OpenAI's: bytes travel unchanged where both sides mean the same. */
export class OpenAiEmbeddings implements EmbeddingsTranslation {
  readonly models: readonly ModelEntry[];

  constructor(private readonly provider: OpenAiEmbeddingsProvider) {
    this.models = provider.models;
  }

  buildRequests({ request, raw, headers }: EmbeddingsCall, target: ProviderTarget): readonly UpstreamRequest[] {
    const { name, path, encodes, dimensions, origin, wire } = this.provider;
    const edits = new Map<string, MemberEdit>([['model', { kind: 'set', value: JSON.stringify(target.model) }]]);
    if (!encodes) edits.set('encoding_format', { kind: 'remove' });
    if (request.dimensions != null && dimensions !== 'dimensions') {
      if (dimensions === null)
        throw refusal('dimensions', `${name} does not cut embeddings to a size: leave 'dimensions' out.`, target);
      edits.set('dimensions', { kind: 'rename', to: dimensions });
    }
    return [
      {
        method: 'POST',
        origin: origin?.(target) ?? target.base.origin,
        path: target.base.pathPrefix + path(target),
        headers: toRequestHeaders({ request: {}, headers }, target, wire?.(target)),
        body: editMembers(raw, edits),
      },
    ];
  }

  readAnswers(
    [answer]: readonly UpstreamAnswer[],
    { request }: EmbeddingsCall,
    target: ProviderTarget,
  ): CompletionAnswer {
    const context: ErrorContext = { name: this.provider.name, target, rules: [] };
    if (answer === undefined) throw toNonsenseError('with nothing', Buffer.alloc(0), context);
    const body = readObject(answer, context);
    const data: unknown = body['data'];
    if (!Array.isArray(data) || data.length === 0) throw toNonsenseError('without embeddings', answer.body, context);
    const wanted = request.encoding_format ?? 'float';
    const read = data.map((entry: unknown) => {
      const embedding = isObject(entry) ? toEncoding(entry['embedding'], wanted) : null;
      if (!isObject(entry) || embedding === null)
        throw toNonsenseError('with an embedding that is none', answer.body, context);
      return embedding === entry['embedding'] ? entry : { ...entry, embedding };
    });
    const isSame = read.every((entry, index) => entry === data[index]);
    return {
      body: isSame ? answer.body : Buffer.from(JSON.stringify({ ...body, data: read })),
      facts: toFacts(toUsage(body['usage']), undefined, body['model'], toBill(body['usage'])),
    };
  }
}

/** The same value where it is encoded as it should be; null where it is no embedding. */
function toEncoding(embedding: unknown, wanted: 'float' | 'base64'): unknown {
  if (typeof embedding === 'string') return wanted === 'base64' ? embedding : fromBase64(embedding);
  if (!isVector(embedding)) return null;
  return wanted === 'float' ? embedding : toBase64(embedding);
}
