import { Module } from '@nestjs/common';
import { StateModule } from '../state/state.module.js';
import { HealthHints } from './health-hints.service.js';
import { TargetHealth } from './target-health.service.js';

@Module({ imports: [StateModule], providers: [HealthHints, TargetHealth], exports: [TargetHealth] })
export class TargetHealthModule {}
