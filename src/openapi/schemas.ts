import { z } from 'zod';
import type { JsonSchema } from './api-document.types.js';

/** What a schema takes, as JSON Schema. What JSON Schema cannot say is left open: the schema itself still checks it. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => dropDatePattern(jsonSchema),
  });
  return rest;
}

const jsonObject = z.record(z.string(), z.unknown());
const answerParts = z.object({
  properties: z.object({ answer: jsonObject }),
  $defs: z.record(z.string(), jsonObject).default({}),
});

/** What an answer is, and the named objects in it, which stand among the components: many operations answer with the same. */
export function toAnswerSchema(schema: z.ZodType): {
  readonly answer: JsonSchema;
  readonly named: Readonly<Record<string, JsonSchema>>;
} {
  const written = z.toJSONSchema(z.object({ answer: schema }), {
    override: ({ jsonSchema }) => {
      dropDatePattern(jsonSchema);
      // Answers may grow: tests alone hold them against what is written down, to the member.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const moved = JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { properties, $defs } = answerParts.parse(JSON.parse(moved));
  return { answer: properties.answer, named: $defs };
}

/** The expression that checks dates is longer than all else that is said of a field. */
function dropDatePattern(schema: { format?: string | undefined; pattern?: string | undefined }): void {
  if (schema.format === 'date-time') delete schema.pattern;
}

const message = { type: 'object', properties: { code: { type: 'integer' }, message: { type: 'string' } } };

const platformError = {
  type: 'object',
  properties: {
    code: { type: 'integer' },
    message: { type: 'string' },
    path: { type: 'array', items: { type: ['string', 'integer'] } },
  },
  required: ['code', 'message'],
};

/** The gateway's own fields of an error, on every surface of the data plane. */
const gatewayErrorFields = {
  success: { const: false },
  result: {},
  messages: { type: 'array', items: {} },
  name: { type: 'string' },
  httpCode: { type: 'integer' },
  internalCode: { type: 'integer' },
  message: { type: 'string' },
  description: { type: 'string' },
};

const openAiError = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    type: { type: 'string' },
    param: { type: ['string', 'null'] },
    code: { type: ['string', 'null'] },
    metadata: { type: 'object' },
  },
  required: ['message', 'type', 'param', 'code'],
};

/** The bodies that many operations share. */
export const SHARED_SCHEMAS = {
  Envelope: {
    type: 'object',
    description: 'A list has `result_info`; lists of routes stand in `data` too.',
    properties: {
      success: { const: true },
      errors: { type: 'array', maxItems: 0 },
      messages: { type: 'array', items: message },
      result: {},
      result_info: {
        type: 'object',
        properties: Object.fromEntries(
          ['page', 'per_page', 'count', 'total_count', 'total_pages'].map((name) => [name, { type: 'integer' }]),
        ),
      },
    },
    required: ['success'],
  },
  PlatformError: {
    type: 'object',
    properties: {
      success: { const: false },
      errors: { type: 'array', items: platformError },
      messages: { type: 'array', items: message },
      result: { type: 'null' },
    },
    required: ['success', 'errors', 'messages', 'result'],
  },
  CompatError: { type: 'object', properties: { error: openAiError, ...gatewayErrorFields }, required: ['error'] },
  GatewayError: {
    type: 'object',
    properties: { error: { type: 'array', items: message }, ...gatewayErrorFields },
    required: ['error'],
  },
} as const satisfies Record<string, JsonSchema>;

export const refTo = (name: keyof typeof SHARED_SCHEMAS): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
