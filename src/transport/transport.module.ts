import { Module } from '@nestjs/common';
import { HttpTransport } from './http-transport.service.js';

@Module({ providers: [HttpTransport], exports: [HttpTransport] })
export class TransportModule {}
