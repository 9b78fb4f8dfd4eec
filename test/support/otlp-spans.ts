import { z } from 'zod';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: none. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly service: unknown;
}

const anyValue: z.ZodType = z.lazy(() =>
  z
    .object({
      stringValue: z.string(),
      boolValue: z.boolean(),
      intValue: z.union([z.string(), z.number()]).transform(Number),
      doubleValue: z.number(),
      arrayValue: z.object({ values: z.array(anyValue) }).transform(({ values }) => values),
    })
    .partial()
    .transform((value) => Object.values(value)[0]),
);
const attributes = z
  .array(z.object({ key: z.string(), value: anyValue }))
  .default([])
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value])));
const nanos = z.union([z.string(), z.number()]).transform((text) => Number(BigInt(text) / 1_000_000n));

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z.string().default(''),
              name: z.string(),
              startTimeUnixNano: nanos,
              endTimeUnixNano: nanos,
              attributes,
              events: z.array(z.object({ name: z.string(), attributes })).default([]),
              status: z.object({ code: z.number().default(0) }),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** An ExportTraceServiceRequest in OTLP's JSON. */
export const readOtlpJson = (body: Buffer): ReceivedSpan[] =>
  exported.parse(JSON.parse(body.toString('utf8'))).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ startTimeUnixNano, endTimeUnixNano, status, ...span }) => ({
        ...span,
        startMs: startTimeUnixNano,
        endMs: endTimeUnixNano,
        status: status.code,
        service: resource.attributes['service.name'],
      })),
    ),
  );

/** A message of protocol buffers' wire format: its fields by number. */
type Message = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = varint();
    const wire = Number(tag & 7n);
    const value =
      wire === 0 ? varint() : wire === 1 ? take(8) : wire === 2 ? take(Number(varint())) : wire === 5 ? take(4) : null;
    if (value === null) throw new Error(`There is no wire type ${String(wire)}.`);
    const field = Number(tag >> 3n);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const bytesOf = (message: Message, field: number): Buffer[] =>
  (message.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
const textOf = (message: Message, field: number): string => bytesOf(message, field)[0]?.toString('utf8') ?? '';
const hexOf = (message: Message, field: number): string => bytesOf(message, field)[0]?.toString('hex') ?? '';
const messages = (message: Message, field: number): Message[] => bytesOf(message, field).map(readMessage);
const nanosOf = (message: Message, field: number): number =>
  Number((bytesOf(message, field)[0]?.readBigUInt64LE() ?? 0n) / 1_000_000n);

/** opentelemetry/proto/common/v1: AnyValue. */
function valueOf(message: Message): unknown {
  const [field] = message.keys();
  const value = field === undefined ? undefined : message.get(field)?.[0];
  if (field === 1 && Buffer.isBuffer(value)) return value.toString('utf8');
  if (field === 2) return value === 1n;
  if (field === 3) return Number(value);
  if (field === 4 && Buffer.isBuffer(value)) return value.readDoubleLE();
  if (field === 5 && Buffer.isBuffer(value)) return messages(readMessage(value), 1).map(valueOf);
  return undefined;
}

const attributesOf = (message: Message, field: number): Record<string, unknown> =>
  Object.fromEntries(
    messages(message, field).map((pair) => [textOf(pair, 1), messages(pair, 2).map(valueOf)[0]] as const),
  );

/** The same in protocol buffers: the fields of opentelemetry/proto/trace/v1. */
export const readOtlpProtobuf = (body: Buffer): ReceivedSpan[] =>
  messages(readMessage(body), 1).flatMap((resourceSpans) =>
    messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => ({
        traceId: hexOf(span, 1),
        spanId: hexOf(span, 2),
        parentSpanId: hexOf(span, 4),
        name: textOf(span, 5),
        startMs: nanosOf(span, 7),
        endMs: nanosOf(span, 8),
        attributes: attributesOf(span, 9),
        events: messages(span, 11).map((event) => ({ name: textOf(event, 2), attributes: attributesOf(event, 3) })),
        status: Number(messages(span, 15)[0]?.get(3)?.[0] ?? 0n),
        service: messages(resourceSpans, 1).map((resource) => attributesOf(resource, 1)['service.name'])[0],
      })),
    ),
  );
