import type { LogDetail } from './log-entry.js';

/** A log as lists show it. */
export interface LogItem {
  readonly id: string;
  readonly createdAt: Date;
  readonly provider: string | null;
  readonly model: string | null;
  readonly requestedModel: string;
  readonly modelType: string | null;
  readonly requestType: string | null;
  readonly surface: string;
  readonly path: string;
  readonly durationMs: number;
  readonly success: boolean;
  readonly statusCode: number;
  readonly outcome: string;
  readonly cached: boolean;
  readonly streamed: boolean;
  readonly step: number;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  /** Null: the price is not known. */
  readonly costNano: number | null;
  readonly customCost: boolean;
  readonly metadata: Readonly<Record<string, string | number | boolean>> | null;
  readonly requestContentType: string | null;
  readonly responseContentType: string;
  readonly requestSize: number;
  readonly responseSize: number;
  readonly eventId: string | null;
  readonly userAgent: string | null;
  readonly tokenId: string | null;
  readonly credential: string | null;
  readonly error: string | null;
  readonly errorMessage: string | null;
  readonly finishReason: string | null;
  readonly feedback: number | null;
  readonly score: number | null;
}

/** One in full. Heads are the beginnings of the bodies; null: there is none. */
export interface LogEntry extends LogItem {
  readonly detail: LogDetail;
  readonly requestHead: Buffer | null;
  readonly requestHeadComplete: boolean;
  readonly responseHead: Buffer | null;
  readonly responseHeadComplete: boolean;
}

/** A body as it was kept. */
export interface LogBody {
  readonly bytes: Buffer;
  readonly contentType: string | null;
  /** It was longer than what is kept. */
  readonly isCut: boolean;
}

/** The smallest and largest of what a list could show. Null: none of it says. */
export interface LogRanges {
  readonly cost: Range;
  readonly duration: Range;
  readonly tokensIn: Range;
  readonly tokensOut: Range;
  readonly totalTokens: Range;
}

export interface Range {
  readonly min: number | null;
  readonly max: number | null;
}

/** What may be written to a log afterwards. Absent: stays as it is. */
export interface LogEdit {
  readonly feedback?: number | null;
  readonly score?: number | null;
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | null;
}
