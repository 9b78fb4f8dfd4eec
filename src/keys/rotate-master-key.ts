import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { EnvironmentModule } from '../config/config.module.js';
import { KeysModule } from './keys.module.js';
import { MasterKeyRotation, type RotationReport } from './master-key-rotation.service.js';

/** As much of the gateway as a rotation needs: no listener. */
@Module({ imports: [EnvironmentModule, KeysModule] })
class RotationModule {}

/** Rotates on the environment's database, for `scripts/rotate-master-key.mjs`. */
export async function rotateMasterKey(): Promise<RotationReport> {
  const context = await NestFactory.createApplicationContext(RotationModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  try {
    return await context.get(MasterKeyRotation).rotate();
  } finally {
    await context.close();
  }
}
