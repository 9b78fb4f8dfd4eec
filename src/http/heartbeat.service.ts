import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { serverConfig } from '../config/server.config.js';

/** A stream that can say that it is still there. */
export interface Heart {
  /** When the last byte was sent, by `performance.now()`. */
  readonly lastByteAt: number;
  beat(): void;
}

/** Keeps quiet streams alive: one coarse timer for all of them, since a timer each would cost more than the streams. */
@Injectable()
export class Heartbeats implements OnModuleInit, OnApplicationShutdown {
  private readonly hearts = new Set<Heart>();
  private timer: NodeJS.Timeout | null = null;

  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  onModuleInit(): void {
    const { heartbeatMs } = this.config;
    if (heartbeatMs === 0) return;
    this.timer = setInterval(() => this.tick(performance.now() - heartbeatMs), Math.max(10, heartbeatMs / 3)).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  add(heart: Heart): void {
    this.hearts.add(heart);
  }

  remove(heart: Heart): void {
    this.hearts.delete(heart);
  }

  private tick(quietSince: number): void {
    for (const heart of this.hearts) if (heart.lastByteAt <= quietSince) heart.beat();
  }
}
