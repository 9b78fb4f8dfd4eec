import { ownMember } from '../../common/own-member.js';
import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import type { RequestContext } from '../dialects/responses/refusal.js';
import { toResponsesRequest } from '../dialects/responses/request.mapper.js';
import type { ResponsesFlavour } from '../dialects/responses/responses-flavour.js';
import { SUCCESSORS } from './perplexity-ai.catalog.js';
import { SEARCH_FILTERS, toSearchTool } from './search.mapper.js';

const MOVED: ReadonlySet<string> = new Set(SEARCH_FILTERS);

/**
 * A chat completion request for the Agent API. A model of the Sonar endpoint is asked for as what stands for it, with the search
 * that it always made; others search only when the request speaks of it.
 */
export function toAgentRequest(
  request: ChatCompletionRequest,
  flavour: ResponsesFlavour,
  context: RequestContext,
): Record<string, unknown> {
  const { model } = context.target;
  const successor = ownMember(SUCCESSORS, model);
  const tools = request.tools ?? [];
  const search = toSearchTool(request) ?? (successor === undefined ? null : { type: 'web_search' });
  const hasSearch = tools.some(({ type }) => type === 'web_search');
  const isMuted = request.tool_choice === 'none';
  const kept = isMuted ? tools.filter((tool) => !isObject(tool['function'])) : tools;
  const { tool_choice: choice, reasoning_effort: effort = successor?.effort, ...rest } = request;
  const body = toResponsesRequest(
    {
      ...rest,
      web_search_options: undefined,
      tools: search === null || hasSearch ? kept : [...kept, { ...search, type: 'web_search' }],
      // The decoder knows no words here: `auto` is what it does, `none` has been seen to above.
      ...(isObject(choice) ? { tool_choice: choice } : {}),
      // And no effort of `none`: that is what it does unasked.
      ...(effort == null || effort === 'none' ? {} : { reasoning_effort: effort }),
    },
    flavour,
    context,
  );
  const sent = Object.entries(body).filter(([name]) => !MOVED.has(name));
  return { ...Object.fromEntries(sent), ...successorMembers(model) };
}

/** A preset chooses its model itself. */
function successorMembers(model: string): Record<string, unknown> {
  const successor = ownMember(SUCCESSORS, model);
  if (successor === undefined) return {};
  return successor.preset === undefined ? { model: successor.model } : { model: undefined, preset: successor.preset };
}
