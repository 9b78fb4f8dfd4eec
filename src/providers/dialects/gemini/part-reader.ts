import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toolCallId } from '../openai-chat/message-repair.js';
import { PartialArgs } from './partial-args.js';
import { toCallExtra, toSignatureDetail, type SignatureDetail } from './thought-signature.js';

/** A tool call as a stream's delta has it, whole. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: { readonly google: { readonly thought_signature: string } };
}

/** What one part of a candidate says, in OpenAI's words. */
export interface PartDelta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly reasoning_details?: readonly SignatureDetail[];
  readonly tool_calls?: readonly ToolCallDelta[];
  /** OpenRouter's form of an image in an answer; a data URL. */
  readonly images?: readonly { readonly type: 'image_url'; readonly image_url: { readonly url: string } }[];
  /** Base64. */
  readonly audio?: { readonly data: string };
  /** Code that Google ran, and what came of it, as its wire has them. */
  readonly code_execution?: readonly unknown[];
}

/** Ids of the tool calls of one answer, all choices: Google's own where it gives one that is new, else made of the completion's. */
export class ToolCallIds {
  private readonly seen = new Set<string>();
  private count = 0;

  constructor(private readonly completionId: string) {}

  take(given: unknown): string {
    const made = toolCallId(this.completionId, this.count++);
    const id = isText(given) && !this.seen.has(given) ? given : made;
    this.seen.add(id);
    return id;
  }
}

interface PendingCall {
  readonly call: JsonObject;
  readonly signature: unknown;
  readonly args: PartialArgs;
}

/** Reads one choice's parts in their order. A whole answer and a stream are read by the same code, so that they say the same. */
export class PartReader {
  /** How many tool calls there were. */
  calls = 0;
  private details = 0;
  private pending: PendingCall | null = null;

  constructor(
    private readonly ids: ToolCallIds,
    /** Only the first tool call is passed on: `parallel_tool_calls: false`, which Gemini has no switch for. */
    private readonly isSingleCall: boolean,
  ) {}

  /** Null for a part that says nothing. */
  read(part: unknown): PartDelta | null {
    if (!isObject(part)) return null;
    const { text, functionCall: call, inlineData: media, thoughtSignature: signature } = part;
    if (isObject(call)) return this.readCall(call, signature);
    // Almost every part of a stream is a text and nothing else.
    if (isText(text) && signature === undefined && media === undefined)
      return part['thought'] === true ? { reasoning_content: text } : { content: text };
    const said = isText(text) ? (part['thought'] === true ? { reasoning_content: text } : { content: text }) : {};
    const delta: PartDelta = {
      ...said,
      ...(isObject(media) ? mediaDelta(media) : {}),
      ...codeDelta(part),
      ...(isText(signature) ? { reasoning_details: [toSignatureDetail(signature, this.details++)] } : {}),
    };
    return Object.keys(delta).length === 0 ? null : delta;
  }

  /** A call whose arguments were still coming when the answer ended. */
  rest(): PartDelta | null {
    const { pending } = this;
    this.pending = null;
    return pending === null ? null : this.toDelta(pending.call, pending.signature, pending.args.value);
  }

  private readCall(call: JsonObject, signature: unknown): PartDelta | null {
    const isNamed = isText(call['name']);
    const before = isNamed ? this.rest() : null;
    if (isNamed && call['willContinue'] !== true && call['partialArgs'] === undefined)
      return joined(before, this.toDelta(call, signature, call['args']));
    if (isNamed) this.pending = { call, signature, args: new PartialArgs() };
    this.pending?.args.add(call['partialArgs']);
    return call['willContinue'] === true ? before : joined(before, this.rest());
  }

  private toDelta(call: JsonObject, signature: unknown, args: unknown): PartDelta | null {
    const index = this.calls++;
    if (this.isSingleCall && index > 0) return null;
    const id = this.ids.take(call['id']);
    return {
      ...(isText(signature) ? { reasoning_details: [toSignatureDetail(signature, this.details++, id)] } : {}),
      tool_calls: [
        {
          index,
          id,
          type: 'function',
          function: { name: isText(call['name']) ? call['name'] : '', arguments: JSON.stringify(args ?? {}) },
          ...(isText(signature) ? toCallExtra(signature) : {}),
        },
      ],
    };
  }
}

function joined(first: PartDelta | null, second: PartDelta | null): PartDelta | null {
  if (first === null || second === null) return first ?? second;
  const details = [...(first.reasoning_details ?? []), ...(second.reasoning_details ?? [])];
  return {
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    tool_calls: [...(first.tool_calls ?? []), ...(second.tool_calls ?? [])],
  };
}

function mediaDelta({ mimeType, data }: JsonObject): PartDelta {
  if (!isText(mimeType) || !isText(data)) return {};
  if (mimeType.startsWith('audio/')) return { audio: { data } };
  return { images: [{ type: 'image_url', image_url: { url: `data:${mimeType};base64,${data}` } }] };
}

function codeDelta({ executableCode, codeExecutionResult }: JsonObject): PartDelta {
  const ran = [executableCode, codeExecutionResult].filter(isObject);
  return ran.length === 0 ? {} : { code_execution: ran };
}
