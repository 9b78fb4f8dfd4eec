import { readFileSync } from 'node:fs';
import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { z } from 'zod';
import { describeApi } from './api-document.js';
import type { ApiDocument } from './api-document.types.js';
import { toReferencePage } from './reference-page.js';

/** The API's document and its page: made when first asked for, since they never change while the process runs. */
@Injectable()
export class ApiDocuments {
  private made: ApiDocument | null = null;
  private rendered: string | null = null;

  constructor(private readonly discovery: DiscoveryService) {}

  get document(): ApiDocument {
    return (this.made ??= describeApi(this.controllers(), packageVersion()));
  }

  get page(): string {
    return (this.rendered ??= toReferencePage(this.document));
  }

  private controllers(): Type[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => (isClass(metatype) ? [metatype] : []));
  }
}

const isClass = (metatype: unknown): metatype is Type => typeof metatype === 'function';

/** The same place from the sources and from what was built. */
const packageVersion = (): string =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
