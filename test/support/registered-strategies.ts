import 'reflect-metadata';
import { z } from 'zod';
import { ProvidersModule } from '../../src/providers/providers.module.js';
import type { ProviderStrategy } from '../../src/providers/provider-strategy.js';

const isClass = (value: unknown): value is new () => ProviderStrategy =>
  typeof value === 'function' && value.name.endsWith('Strategy');

/** A strategy of each provider that the module registers: what is asked of all must be asked of a new one unasked. */
export const registeredStrategies = (): readonly ProviderStrategy[] =>
  z
    .array(z.unknown())
    .parse(Reflect.getMetadata('providers', ProvidersModule))
    .filter(isClass)
    .map((Strategy) => new Strategy());
