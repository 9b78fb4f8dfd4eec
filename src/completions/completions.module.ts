import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { HttpModule } from '../http/http.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { CompatCalls } from './compat-calls.service.js';
import { CompletionsController } from './completions.controller.js';
import { EmbeddingsController } from './embeddings.controller.js';
import { MessagesController } from './messages.controller.js';
import { ModelsController } from './models.controller.js';
import { ResponsesController } from './responses.controller.js';

@Module({
  imports: [AuthModule, HttpModule, RoutingModule],
  controllers: [CompletionsController, EmbeddingsController, MessagesController, ModelsController, ResponsesController],
  providers: [CompatCalls],
})
export class CompletionsModule {}
