import { Module } from '@nestjs/common';
import { CallRecorder } from './call-recorder.service.js';

@Module({ providers: [CallRecorder], exports: [CallRecorder] })
export class AccountingModule {}
