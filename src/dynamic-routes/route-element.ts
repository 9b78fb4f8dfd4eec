import { z } from 'zod';
import type { Awaitable } from '../common/awaitable.js';
import type { Dice } from '../common/dice.js';
import type { ErrorClass } from '../common/errors/error-class.js';
import type { Quota } from '../metering/quota.js';
import type { QuotaDecision } from '../metering/quotas.service.js';
import type { RouteSubject } from './route-subject.js';

/** The counters of rate elements. A simulation's are looked at only. */
export interface RouteQuotas {
  take(quota: Quota): Awaitable<QuotaDecision>;
  look(quota: Quota): Awaitable<QuotaDecision>;
}

/** What an element may look at while a call walks a route. */
export interface WalkContext {
  readonly subject: RouteSubject;
  readonly dice: Dice;
  readonly quotas: RouteQuotas;
  /** The gateway's internal id, under which its counters stand. */
  readonly scope: string;
  /** What the call turns out to cost is added to these when it has ended. */
  readonly spending: Quota[];
  /** Takes the reasons of a simulation; a real call has none. */
  readonly trace: WalkTrace | null;
}

export interface WalkTrace {
  entered(element: string, type: string): void;
  /** What it has been said beforehand that an element does; null: nothing. */
  chosen(element: string): string | null;
  /** Why the element that was entered last does what it does. */
  because(reason: string): void;
  /** By which output an element was left; null: its route ends there, since there is no output for what was wanted. */
  left(element: string, output: string | null, wanted: string | null): void;
}

/** A provider's model, as an element names it. */
export interface RouteTarget {
  /** Canonical slug. */
  readonly provider: string;
  readonly model: string;
  /** Until the first real content; 0: no limit. Absent: the request or the gateway says. */
  readonly timeoutMs: number | undefined;
  /** Tries in total. Absent: the request or the gateway says. */
  readonly maxAttempts: number | undefined;
  /** A stored key's alias. Absent: the request says. */
  readonly keyAlias: string | undefined;
}

/** What an element is on a walk. */
export type CompiledElement =
  /** Leads on by one of its outputs, whose name it chooses. */
  | { readonly kind: 'choice'; choose(walk: WalkContext): Awaitable<string> }
  /** Asks a model. `fallbackOn` null: whatever the failure. */
  | { readonly kind: 'target'; readonly target: RouteTarget; readonly fallbackOn: FallbackOn }
  /** Walks another route in its place. */
  | { readonly kind: 'route'; readonly name: string; readonly fallbackOn: FallbackOn }
  | { readonly kind: 'end' };

/** The failures after which `fallback` is taken; null: all of them. */
export type FallbackOn = ReadonlySet<ErrorClass> | null;

/** Where an element stands, and who hears what is wrong with it. */
export interface ElementSite {
  readonly routeId: string;
  readonly elementId: string;
  readonly report: (path: readonly (string | number)[], reason: string) => void;
}

/** One kind of element. Adding one is a file in `elements/` and a line in its `index.ts`. */
export interface RouteElement {
  readonly type: string;
  /** What the API stores. Unknown fields are dropped, as Cloudflare drops them. */
  readonly schema: z.ZodType<StoredElement>;
  /** Reports what is wrong beyond the schema. `element` has passed it. */
  compile(element: unknown, site: ElementSite): CompiledElement;
}

/** What all elements have. An output that is absent is an end of the route. */
export interface StoredElement {
  readonly id: string;
  readonly type: string;
  readonly outputs: Readonly<Record<string, { readonly elementId: string } | undefined>>;
}

export const elementIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'may hold printable ASCII without spaces');

export const reference = z.object({ elementId: elementIdSchema });

/** An element kind, with its settings' type known to `compile` alone. */
export const defineElement = <Schema extends z.ZodType<StoredElement>>(
  type: string,
  schema: Schema,
  compile: (element: z.output<Schema>, site: ElementSite) => CompiledElement,
): RouteElement => ({ type, schema, compile: (element, site) => compile(schema.parse(element), site) });
