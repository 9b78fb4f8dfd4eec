import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ReaderGuard } from '../auth/guards/reader.guard.js';
import { Described } from '../http/decorators/described.decorator.js';
import { ApiDocuments } from './api-document.service.js';
import type { ApiDocument } from './api-document.types.js';

/** What this gateway can be asked, for programs and for people. Like all but health not without a token: it says what there is to attack. */
@Controller()
@UseGuards(ReaderGuard)
export class OpenapiController {
  constructor(private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  @Described({ summary: 'This document' })
  json(): ApiDocument {
    return this.documents.document;
  }

  /** No script in it, nothing loaded from elsewhere. */
  @Get('docs')
  @Described({ summary: 'This document as a page' })
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  @Header('x-content-type-options', 'nosniff')
  page(): string {
    return this.documents.page;
  }
}
