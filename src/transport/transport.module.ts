import { Module } from '@nestjs/common';
import { AttemptClocks } from './attempt-clocks.service.js';
import { HttpTransport } from './http-transport.service.js';

@Module({ providers: [AttemptClocks, HttpTransport], exports: [AttemptClocks, HttpTransport] })
export class TransportModule {}
