import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toolCallId } from '../openai-chat/message-repair.js';
import {
  isCallersCall,
  objectsOf,
  REASONING_BREAK,
  searchMembers,
  toAnnotations,
  toCallHead,
} from './output.mapper.js';
import { reasoningTexts, toReasoningDetails } from './reasoning-details.mapper.js';
import type { ResponsesFlavour } from './responses-flavour.js';
import { citedResults, readSearchResults } from './search-results.mapper.js';

/** A call that has been opened for the caller. */
interface OpenCall {
  readonly index: number;
  readonly isCustom: boolean;
  hasArguments: boolean;
}

/**
 * The events of a Responses stream as deltas of one chat message. Services differ in what they stream piece by piece and what
 * they give whole, so each thing is said at the first event that says it, and at no later one.
 */
export class OutputDeltas {
  /** Has anything been said: text, reasoning, a refusal, a call? */
  started = false;
  hasTools = false;
  private content = '';
  private hasReasoning = false;
  /** The parts of reasoning that were streamed: item, kind, part. */
  private readonly reasoningParts = new Set<string>();
  private readonly reasoningKinds = new Map<string, 'summary' | 'text'>();
  /** Output indexes and ids of the items, and keys of the parts, of which something was said. */
  private readonly said = new Set<string>();
  /** Where a text part begins in the content. */
  private readonly offsets = new Map<string, number>();
  private readonly calls = new Map<string, OpenCall>();
  private readonly results: JsonObject[] = [];
  private hasAnnotations = false;

  constructor(
    private readonly flavour: ResponsesFlavour,
    private readonly completionId: string,
  ) {}

  /** Takes an event that is not terminal. */
  read(event: JsonObject): JsonObject[] {
    switch (event['type']) {
      case 'response.output_item.added':
        return isObject(event['item']) ? this.itemAdded(event, event['item']) : [];
      case 'response.output_text.delta':
        return this.text(event, event['delta']);
      case 'response.output_text.done':
        return this.isSaid(event) ? [] : this.text(event, event['text']);
      case 'response.refusal.delta':
        return this.refusal(event, event['delta']);
      case 'response.refusal.done':
        return this.isSaid(event) ? [] : this.refusal(event, event['refusal']);
      case 'response.reasoning_summary_text.delta':
        return this.reasoning(event, event['delta'], 'summary', event['summary_index']);
      case 'response.reasoning_text.delta':
        return this.reasoning(event, event['delta'], 'text', event['content_index']);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.fragment(event, event['delta']);
      case 'response.function_call_arguments.done':
        return this.rest(event, event['arguments']);
      case 'response.custom_tool_call_input.done':
        return this.rest(event, event['input']);
      case 'response.output_text.annotation.added':
        return this.annotations([event['annotation']], this.offsets.get(keyOf(event)) ?? 0);
      case 'response.output_item.done':
        return isObject(event['item']) ? this.itemDone(event, event['item']) : [];
      default:
        return [];
    }
  }

  /** What the terminal event's output says that no event before it has said. */
  readOutput(output: unknown): JsonObject[] {
    return objectsOf(output).flatMap((item, index) => {
      if (item['type'] === 'message' && this.content !== '') return [];
      return this.itemDone({ output_index: index }, item);
    });
  }

  /** The citations of a text that names its sources by number, once all of it is known. */
  citations(): JsonObject[] {
    if (this.hasAnnotations) return [];
    const annotations = citedResults(this.content, this.results);
    return annotations.length === 0 ? [] : [{ annotations }];
  }

  get extras(): JsonObject {
    return searchMembers(this.results);
  }

  private itemAdded(event: JsonObject, item: JsonObject): JsonObject[] {
    return isCallersCall(item, this.flavour) ? this.openCall(event, item) : [];
  }

  private itemDone(event: JsonObject, item: JsonObject): JsonObject[] {
    if (item['type'] === 'message') return this.messageDone(event, item);
    if (item['type'] === 'reasoning') return this.reasoningDone(event, item);
    if (item['type'] === 'search_results') {
      if (this.results.length === 0) this.results.push(...readSearchResults(item));
      return [];
    }
    if (!isCallersCall(item, this.flavour)) return [];
    const whole = item['type'] === 'custom_tool_call' ? item['input'] : item['arguments'];
    return [...this.openCall(event, item), ...this.rest(withItem(event, item), isText(whole) ? whole : '{}')];
  }

  private messageDone(event: JsonObject, item: JsonObject): JsonObject[] {
    if (this.said.has(itemKey(event)) || this.said.has(String(item['id']))) return [];
    return objectsOf(item['content']).flatMap((part, index) => {
      const place = { ...event, item_id: item['id'], content_index: index };
      if (part['type'] === 'refusal') return this.refusal(place, part['refusal']);
      if (part['type'] !== 'output_text') return [];
      const deltas = this.text(place, part['text']);
      const annotations = objectsOf(part['annotations']);
      return [...deltas, ...this.annotations(annotations, this.offsets.get(keyOf(place)) ?? 0)];
    });
  }

  private reasoningDone(event: JsonObject, item: JsonObject): JsonObject[] {
    const key = `reasoning:${isText(item['id']) ? item['id'] : itemKey(event)}`;
    if (this.said.has(key)) return [];
    this.said.add(key);
    const deltas: JsonObject[] = [];
    if (!this.reasoningKinds.has(itemKey(event))) {
      for (const [index, text] of reasoningTexts(item).entries())
        deltas.push(...this.reasoning(event, text, 'summary', index));
    }
    const { reasoningFormat: format } = this.flavour;
    const place = typeof event['output_index'] === 'number' ? event['output_index'] : 0;
    const details = format === null ? [] : toReasoningDetails(item, place, format);
    return details.length === 0 ? deltas : [...deltas, { reasoning_details: details }];
  }

  private text(event: JsonObject, text: unknown): JsonObject[] {
    if (!isText(text)) return [];
    const key = keyOf(event);
    if (!this.offsets.has(key)) this.offsets.set(key, this.content.length);
    this.mark(event);
    this.content += text;
    return [{ content: text }];
  }

  private refusal(event: JsonObject, text: unknown): JsonObject[] {
    if (!isText(text)) return [];
    this.mark(event);
    return [{ refusal: text }];
  }

  /** Of an item that has both, the kind that came first is told: they say the same. */
  private reasoning(event: JsonObject, text: unknown, kind: 'summary' | 'text', part: unknown): JsonObject[] {
    if (!isText(text)) return [];
    const item = itemKey(event);
    const known = this.reasoningKinds.get(item);
    if (known !== undefined && known !== kind) return [];
    this.reasoningKinds.set(item, kind);
    const key = `${item}/${String(part)}`;
    const isNext = this.hasReasoning && !this.reasoningParts.has(key);
    this.reasoningParts.add(key);
    this.hasReasoning = true;
    this.started = true;
    return [{ reasoning_content: isNext ? REASONING_BREAK + text : text }];
  }

  private annotations(list: readonly unknown[], offset: number): JsonObject[] {
    const annotations = toAnnotations(list, offset);
    if (annotations.length === 0) return [];
    this.hasAnnotations = true;
    return [{ annotations }];
  }

  private openCall(event: JsonObject, item: JsonObject): JsonObject[] {
    const known = this.callOf(withItem(event, item));
    if (known !== undefined) return [];
    const index = new Set(this.calls.values()).size;
    const isCustom = item['type'] === 'custom_tool_call';
    const call: OpenCall = { index, isCustom, hasArguments: false };
    for (const key of [...callKeys(withItem(event, item)), itemKey(event)]) this.calls.set(key, call);
    this.hasTools = true;
    this.started = true;
    call.hasArguments = isText(isCustom ? item['input'] : item['arguments']);
    const head = toCallHead(item, toolCallId(this.completionId, index), this.flavour);
    return [{ tool_calls: [{ index, ...head }] }];
  }

  private fragment(event: JsonObject, text: unknown): JsonObject[] {
    const call = this.callOf(event);
    if (call === undefined || !isText(text)) return [];
    call.hasArguments = true;
    const body = call.isCustom ? { custom: { input: text } } : { function: { arguments: text } };
    return [{ tool_calls: [{ index: call.index, ...body }] }];
  }

  /** The whole arguments, where no fragment brought them. */
  private rest(event: JsonObject, whole: unknown): JsonObject[] {
    return this.callOf(event)?.hasArguments === true ? [] : this.fragment(event, whole);
  }

  private callOf(event: JsonObject): OpenCall | undefined {
    return callKeys(event)
      .map((key) => this.calls.get(key))
      .find((call) => call !== undefined);
  }

  private mark(event: JsonObject): void {
    this.started = true;
    this.said.add(keyOf(event));
    this.said.add(itemKey(event));
    if (isText(event['item_id'])) this.said.add(event['item_id']);
  }

  private isSaid(event: JsonObject): boolean {
    return this.said.has(keyOf(event));
  }
}

const itemKey = (event: JsonObject): string => `#${String(event['output_index'])}`;

const keyOf = (event: JsonObject): string => `${itemKey(event)}/${String(event['content_index'])}`;

const withItem = (event: JsonObject, item: JsonObject): JsonObject => ({
  ...event,
  item_id: item['id'],
  call_id: item['call_id'],
});

/** What a call goes by: fragments name its item, the terminal event's output only the call. */
const callKeys = (event: JsonObject): string[] => {
  const named = [event['call_id'], event['item_id']].filter(isText);
  return named.length > 0 ? named : [itemKey(event)];
};
