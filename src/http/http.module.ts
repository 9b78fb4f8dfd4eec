import { Module } from '@nestjs/common';
import { Heartbeats } from './heartbeat.service.js';
import { InFlightCalls } from './in-flight.service.js';

@Module({ providers: [Heartbeats, InFlightCalls], exports: [Heartbeats, InFlightCalls] })
export class HttpModule {}
