import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { COMPAT_PATHS } from './compat-paths.js';
import { CompatCalls } from './compat-calls.service.js';
import { parseChatRequest } from '../contract/parse-chat-request.js';
import { Described } from '../http/decorators/described.decorator.js';
import { chatCompletionRequestSchema } from '../contract/chat-completion-request.schema.js';

/** `POST …/compat/chat/completions`, and the account's `…/ai/v1/chat/completions`: OpenAI's chat completions, for every provider. */
@Controller(COMPAT_PATHS.map((path) => `${path}/chat/completions`))
@UseGuards(GatewayTokenGuard)
export class CompletionsController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  @Described({
    summary: 'A chat completion, of any provider’s model',
    body: chatCompletionRequestSchema,
    answers: ['application/json', 'text/event-stream'],
  })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply, (raw, headers) => ({
      kind: 'chat',
      request: parseChatRequest(raw),
      raw,
      headers,
    }));
  }
}
