import { Module } from '@nestjs/common';

import { PersistenceModule } from '../persistence/persistence.module.js';
import { FirstStartRepository } from './first-start.repository.js';
import { WelcomeService } from './welcome.service.js';

/** The first start: an account, a gateway, an admin token, and what to paste next. */
@Module({ imports: [PersistenceModule], providers: [FirstStartRepository, WelcomeService], exports: [WelcomeService] })
export class BootstrapModule {}
