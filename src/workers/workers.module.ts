import { Module } from '@nestjs/common';
import { FellowWorkers } from './fellow-workers.service.js';

/** What the workers of one gateway say to each other. */
@Module({ providers: [FellowWorkers], exports: [FellowWorkers] })
export class WorkersModule {}
