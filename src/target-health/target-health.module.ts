import { Module } from '@nestjs/common';
import { TargetHealth } from './target-health.service.js';

@Module({ providers: [TargetHealth], exports: [TargetHealth] })
export class TargetHealthModule {}
