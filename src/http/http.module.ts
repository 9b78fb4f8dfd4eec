import { Module } from '@nestjs/common';
import { BodyReader } from './body-reader.service.js';
import { Heartbeats } from './heartbeat.service.js';
import { InFlightCalls } from './in-flight.service.js';

@Module({ providers: [BodyReader, Heartbeats, InFlightCalls], exports: [BodyReader, Heartbeats, InFlightCalls] })
export class HttpModule {}
