import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { ApiDocuments } from './api-document.service.js';
import { OpenapiController } from './openapi.controller.js';

/** The API, described: OpenAPI 3.1 at `/openapi.json`, and a page of it at `/docs`. */
@Module({
  imports: [AuthModule, DiscoveryModule],
  controllers: [OpenapiController],
  providers: [ApiDocuments],
})
export class OpenapiModule {}
