import { Module } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { BootstrapModule } from './bootstrap/bootstrap.module.js';
import { CompletionsModule } from './completions/completions.module.js';
import { EnvironmentModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';

/** The composition root: the surfaces, and what starts and watches them. Each module brings what it stands on. */
@Module({ imports: [EnvironmentModule, HealthModule, CompletionsModule, AdminModule, BootstrapModule] })
export class AppModule {}
