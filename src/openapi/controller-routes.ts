import { type CanActivate, HttpStatus, RequestMethod, type Type } from '@nestjs/common';
import {
  GUARDS_METADATA,
  HEADERS_METADATA,
  HTTP_CODE_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { MetadataScanner, Reflector } from '@nestjs/core';
import { z } from 'zod';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Permission } from '../common/caller.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Described, type Description } from '../http/decorators/described.decorator.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';

/** A route as Nest knows it. */
export interface ControllerRoute {
  readonly controller: string;
  readonly handler: string;
  /** In lower case. */
  readonly method: string;
  /** With a slash before it, and parameters as `:name`. */
  readonly path: string;
  readonly status: number;
  readonly guards: readonly Type<CanActivate>[];
  /** Null: the handler says nothing of permissions. */
  readonly permissions: readonly Permission[] | null;
  /** Which schemas its parts are checked with. */
  readonly pipes: readonly ContractValidationPipe<z.ZodType>[];
  readonly description: Description | null;
  /** Of the envelope's `result`; null: the handler does not say. */
  readonly answer: z.ZodType | null;
  /** Of the answer, when the handler says so. */
  readonly contentType: string | null;
}

const reflector = new Reflector();
const scanner = new MetadataScanner();

/** What Nest's decorators have left on a controller: the routes, and how each checks what it is given. */
export function routesOf(controller: Type): ControllerRoute[] {
  return scanner.getAllMethodNames(controller.prototype).flatMap((handler) => {
    const method: unknown = controller.prototype[handler];
    if (typeof method !== 'function') return [];
    const verb: unknown = Reflect.getMetadata(METHOD_METADATA, method);
    if (typeof verb !== 'number') return [];
    const targets = [method, controller];
    const described = {
      controller: controller.name,
      handler,
      method: RequestMethod[verb]!.toLowerCase(),
      // Handlers that write their own answers write this one.
      status: reflector.get<number | undefined>(HTTP_CODE_METADATA, method) ?? HttpStatus.OK,
      guards: reflector.getAllAndMerge<Type<CanActivate>[]>(GUARDS_METADATA, targets),
      permissions: reflector.getAllAndOverride(Permissions, targets) ?? null,
      pipes: pipesOf(controller, handler),
      description: reflector.get(Described, method) ?? null,
      answer: reflector.get<z.ZodType | undefined>(Answers, method) ?? null,
      contentType: contentTypeOf(method),
    };
    const below = pathsOf(method)[0] ?? '';
    return pathsOf(controller).map((path) => ({ ...described, path: joined(path, below) }));
  });
}

function pathsOf(target: object): readonly string[] {
  return z
    .union([z.string().transform((path) => [path]), z.array(z.string())])
    .parse(Reflect.getMetadata(PATH_METADATA, target));
}

const headers = z.array(z.object({ name: z.string(), value: z.unknown() })).default([]);

function contentTypeOf(method: object): string | null {
  const set = headers.parse(Reflect.getMetadata(HEADERS_METADATA, method));
  const value = set.find(({ name }) => name === 'content-type')?.value;
  return typeof value === 'string' ? (value.split(';', 1)[0] ?? null) : null;
}

const joined = (...parts: readonly string[]): string =>
  `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`;

const routeArguments = z.record(z.string(), z.object({ pipes: z.array(z.unknown()).default([]) })).default({});

function pipesOf(controller: Type, handler: string): ContractValidationPipe<z.ZodType>[] {
  const given = routeArguments.parse(Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler));
  return Object.values(given)
    .flatMap(({ pipes }) => pipes)
    .filter((pipe) => pipe instanceof ContractValidationPipe);
}
