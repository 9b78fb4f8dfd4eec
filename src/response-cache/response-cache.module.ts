import { Module } from '@nestjs/common';
import { StateModule } from '../state/state.module.js';
import { ResponseCache } from './response-cache.service.js';

@Module({ imports: [StateModule], providers: [ResponseCache], exports: [ResponseCache] })
export class ResponseCacheModule {}
