import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { z } from 'zod';
import { SharedState } from '../state/shared-state.js';
import { type CircuitOpening, TargetHealth } from './target-health.service.js';

const LISTEN_EVERY_MS = 1_000;

const hintSchema = z.object({
  kind: z.literal('circuit'),
  gatewayInternalId: z.string(),
  provider: z.string(),
  model: z.string(),
  keyId: z.string().nullable(),
  keyAlias: z.string().nullable(),
});

/**
 * Tells other replicas which circuits have opened here, and hears it of theirs, so that each need not fail for itself. On the side: no call
 * waits for it, and while Redis is away each replica knows what it has seen. Only where replicas share one.
 */
@Injectable()
export class HealthHints implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private telling: Subscription | null = null;
  /** Until when, by hint: each is heard once, so that an administrator's reset is not undone by it. */
  private heard: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly health: TargetHealth,
    private readonly state: SharedState,
  ) {}

  onModuleInit(): void {
    if (this.state.kind === 'memory') return;
    this.telling = this.health.opened$.subscribe((opening) => void this.tell(opening));
    this.timer = setInterval(() => void this.listen(), LISTEN_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    this.telling?.unsubscribe();
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async tell({ subject, until }: CircuitOpening): Promise<void> {
    const { gatewayInternalId, provider, model, keyId, keyAlias } = subject;
    const hint: z.infer<typeof hintSchema> = { kind: 'circuit', gatewayInternalId, provider, model, keyId, keyAlias };
    await this.state.leaveNote(JSON.stringify(hint), until);
  }

  private async listen(): Promise<void> {
    const notes = await this.state.notes();
    for (const [text, until] of notes) {
      if (until <= (this.heard.get(text) ?? 0)) continue;
      const subject = readHint(text);
      if (subject !== null) this.health.openedElsewhere({ subject, until });
    }
    this.heard = notes;
  }
}

/** Null for a note of another kind, or of another release. */
function readHint(text: string): z.infer<typeof hintSchema> | null {
  try {
    return hintSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
