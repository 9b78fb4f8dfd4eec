import { Module } from '@nestjs/common';
import { BodyReader } from './body-reader.service.js';
import { Heartbeats } from './heartbeat.service.js';
import { InFlightCalls } from './in-flight.service.js';
import { PublicOrigin } from './public-origin.service.js';
import { ReplyPresenter } from './reply.presenter.js';

@Module({
  providers: [BodyReader, Heartbeats, InFlightCalls, PublicOrigin, ReplyPresenter],
  exports: [BodyReader, InFlightCalls, PublicOrigin, ReplyPresenter],
})
export class HttpModule {}
