import type { ChatCompletionRequest, ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import type { JsonObject } from './json-value.js';

/**
 * How a provider departs from OpenAI's chat completions, as data: the dialect's code reads these tables, and a provider's
 * folder holds nothing else. A provider without a single entry still works.
 */
export interface ChatQuirks {
  readonly request: RequestQuirks;
  readonly answer: AnswerQuirks;
  /** Read in order; the first that fits decides. */
  readonly errors: readonly ErrorRule[];
}

export interface RequestQuirks {
  /** Does the provider take `stream_options.include_usage`? If not, `stream_options` is left out, and usage comes unasked. */
  readonly streamUsage: boolean;
  /** What becomes of a parameter without a rule. `refuse`: the provider's schema is closed, so `accepted` lists all it takes. */
  readonly otherParameters: 'forward' | 'refuse';
  readonly accepted?: ReadonlySet<string>;
  /** All groups whose `models` fits (absent: any) apply; of two rules for one parameter the later wins. */
  readonly rules: readonly ParameterRules[];
  /** Returns the same array when nothing has to change: only then do the messages travel as they were written. */
  readonly rewriteMessages?: (request: ChatCompletionRequest, model: string) => readonly ChatMessage[];
}

export interface ParameterRules {
  readonly models?: RegExp;
  readonly parameters: Readonly<Record<string, ParameterRule>>;
}

/** `null` counts as absent under every rule: such a member is left out. */
export type ParameterRule =
  /** Its loss does not change the answer. */
  | { readonly do: 'drop' }
  | { readonly do: 'rename'; readonly to: string }
  /**
   * Its loss would change the answer: 400. A value that `isNeutral` means the same as none, and is left out.
   */
  | {
      readonly do: 'refuse';
      readonly instead: string;
      readonly isNeutral?: (value: unknown) => boolean;
    }
  /** Undefined leaves the parameter out; the value itself leaves it as it was written. `also`: members that go with it. */
  | {
      readonly do: 'rewrite';
      readonly to: (value: unknown, request: ChatCompletionRequest) => unknown;
      /** What the provider cannot do with this value, and what would work; null when it can. */
      readonly refuses?: (value: unknown, request: ChatCompletionRequest) => string | null;
      readonly also?: (value: unknown, request: ChatCompletionRequest) => Readonly<Record<string, unknown>>;
    }
  /** Takes back an earlier group's rule. */
  | { readonly do: 'forward' }
  /** Sent when the caller gives none, nor one of `unless`. */
  | { readonly do: 'default'; readonly value: unknown; readonly unless: readonly string[] };

/** Repairs a message or a delta. Returns the same object when there is nothing to repair. */
export type MessageRepair = (message: JsonObject) => JsonObject;

export interface AnswerQuirks {
  /**
   * Stream events that hold one of these byte sequences are parsed, and repaired if needed; the others pass unread. Quotes are
   * escaped inside a JSON string, so a marker such as `"reasoning"` is never met in a text.
   */
  readonly markers: readonly string[];
  /** Parse every event of a stream: where the departures cannot be told by a marker. */
  readonly parsesAll: boolean;
  readonly repairs: readonly MessageRepair[];
  /** Turns an older or foreign form of an answer or a chunk into OpenAI's. Returns the same object when it is OpenAI's. */
  readonly adapt?: (body: JsonObject, isChunk: boolean) => JsonObject;
  /** Report `tool_calls` where the provider says `stop` although it calls a tool, and a finish where it gives none. */
  readonly infersFinish: boolean;
}

/** Recognises an error of the provider's. Every condition given must hold. */
export interface ErrorRule {
  readonly status?: number;
  /** The body's error code, as text. */
  readonly code?: string;
  /** The body's error type. */
  readonly type?: string;
  readonly message?: RegExp;
  readonly to: {
    /** Absent: the upstream's own. */
    readonly status?: number;
    readonly type?: string;
    readonly code?: string;
    readonly retryable?: boolean;
  };
}

/** A provider that answers as OpenAI does. */
export const NO_REQUEST_QUIRKS: RequestQuirks = { streamUsage: true, otherParameters: 'forward', rules: [] };
export const NO_ANSWER_QUIRKS: AnswerQuirks = { markers: [], parsesAll: false, repairs: [], infersFinish: false };
