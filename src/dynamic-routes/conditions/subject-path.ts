import { ownMember } from '../../common/own-member.js';
import { holdsToken } from '../../common/token-shape.js';
import { inboundHeader } from '../../contract/gateway-headers.js';
import { hasImages, hasTools } from '../asked-body.js';
import { fieldOf } from '../fields.js';
import type { RouteSubject } from '../route-subject.js';

/** The values a path leads to where it passes through lists: `body.messages.role` is the roles of all messages. */
export class Several {
  constructor(readonly values: readonly unknown[]) {}
}

/** Something of a call that a route may look at; undefined where the call has no such thing. */
export interface SubjectPath {
  readonly text: string;
  read(subject: RouteSubject): unknown;
}

/** `request.*`: what the gateway makes of a request. Times are UTC. */
const REQUEST_FACTS: Readonly<Record<string, (subject: RouteSubject) => unknown>> = {
  model: ({ body }) => body.model,
  stream: ({ body }) => body['stream'] === true,
  estimated_tokens: (subject) => subject.estimatedTokens,
  has_tools: ({ body }) => hasTools(body),
  has_images: ({ body }) => hasImages(body),
  time: ({ now }) => new Date(now).toISOString().slice('2026-01-01T'.length, '2026-01-01T00:00'.length),
  hour: ({ now }) => new Date(now).getUTCHours(),
  /** 1 is Monday, 7 is Sunday. */
  weekday: ({ now }) => new Date(now).getUTCDay() || 7,
};

const TOKEN_FACTS: Readonly<Record<string, (subject: RouteSubject) => unknown>> = {
  id: ({ caller }) => caller?.id,
  name: ({ caller }) => caller?.name,
};

/** Headers that hold a credential, by name; a route has no business with them. */
const CREDENTIAL_HEADER = /authorization|cookie|secret|password|api-?key|(^|-)(token|key)$/;

const ROOTS: Readonly<Record<string, (rest: string) => SubjectPath['read'] | string>> = {
  metadata: (name) => (name === '' ? 'names no entry' : ({ metadata }) => fieldOf(metadata, name)),
  body: (path) => {
    const names = path.split('.');
    if (names.includes('')) return 'has an empty part';
    const segments = names.map((name): Segment => ({ name, index: /^\d+$/.test(name) ? Number(name) : null }));
    return ({ body }) => follow(body, segments, 0);
  },
  headers: (given) => {
    const name = given.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return 'names no header';
    if (CREDENTIAL_HEADER.test(name)) return `names a header that holds a credential`;
    return ({ headers }) => {
      const value = inboundHeader(headers, name);
      return value === null || holdsToken(value) ? undefined : value;
    };
  },
  request: (name) => oneOf(REQUEST_FACTS, name),
  token: (name) => oneOf(TOKEN_FACTS, name),
};

/** Compiles `metadata.plan`, `body.messages.0.role`, `headers.x-tier`, `request.stream`, `token.name`. Returns why it cannot. */
export function compilePath(text: string): SubjectPath | string {
  const dot = text.indexOf('.');
  const root = dot === -1 ? text : text.slice(0, dot);
  const open = ownMember(ROOTS, root);
  if (open === undefined || dot === -1) {
    return `"${text}" is no path: it begins with one of ${Object.keys(ROOTS)
      .map((name) => `${name}.`)
      .join(', ')}`;
  }
  const read = open(text.slice(dot + 1));
  return typeof read === 'string' ? `"${text}" ${read}` : { text, read };
}

function oneOf(facts: typeof REQUEST_FACTS, name: string): SubjectPath['read'] | string {
  const read = ownMember(facts, name);
  return read ?? `is not known (${Object.keys(facts).join(', ')})`;
}

/** A part of a path: a member's name, which may be a place in a list too. */
interface Segment {
  readonly name: string;
  readonly index: number | null;
}

function follow(from: unknown, segments: readonly Segment[], start: number): unknown {
  let value = from;
  for (let at = start; at < segments.length; at++) {
    const { name, index } = segments[at]!;
    if (!Array.isArray(value)) value = fieldOf(value, name);
    else if (index !== null) value = value[index];
    else return severalOf(value, segments, at);
  }
  return value;
}

function severalOf(items: readonly unknown[], segments: readonly Segment[], at: number): Several {
  const found: unknown[] = [];
  for (const item of items) {
    const inner = follow(item, segments, at);
    if (inner instanceof Several) for (const one of inner.values) found.push(one);
    else if (inner !== undefined) found.push(inner);
  }
  return new Several(found);
}

/** A value as one key that counters and shares go by; null where there is none, or not one. */
export function keyOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
