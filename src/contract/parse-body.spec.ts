import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../common/errors/gateway-error.js';
import { embeddingsRequestSchema } from './embeddings-request.schema.js';
import { MAX_MODEL_NAME } from './model-name.js';
import { parseBody } from './parse-body.js';
import { parseChatRequest } from './parse-chat-request.js';
import { universalRequestSchema } from './universal-request.schema.js';

const chat = (rest: string): Buffer => Buffer.from(`{"messages":[{"role":"user","content":"hi"}],${rest}}`);
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const step = (headers: object = {}) => ({ provider: 'openai', endpoint: 'chat/completions', headers, query: {} });

function refusalOf(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

describe('a body', () => {
  it.each([
    ['a model whose name is longer than any', chat(`"model":"${'m'.repeat(MAX_MODEL_NAME + 1)}"`), 'model'],
    ['the same, of a request that is not plain', chat(`"n":1,"model":"${'m'.repeat(MAX_MODEL_NAME + 1)}"`), 'model'],
    ['members nested beyond all use', chat(`"model":"openai/m","x":${nested(201)}`), null],
    ['… where nobody looks', chat(`"model":"openai/m","user":${nested(201)}`), null],
    ['… in the hundreds of thousands', chat(`"model":"openai/m","x":${nested(500_000)}`), null],
  ])('is refused with %s', (_name, raw, param) => {
    expect(refusalOf(() => parseChatRequest(raw))).toMatchObject({ key: 'invalid_request', param });
  });

  it('has members nested as deep as any schema of a tool', () => {
    expect(parseChatRequest(chat(`"model":"${'m'.repeat(MAX_MODEL_NAME)}","x":${nested(199)}`))).toMatchObject({
      messages: [{ role: 'user' }],
    });
  });

  it('has no model with a long name for embeddings either', () => {
    const raw = Buffer.from(JSON.stringify({ model: 'm'.repeat(MAX_MODEL_NAME + 1), input: 'a' }));

    expect(refusalOf(() => parseBody(raw, embeddingsRequestSchema)).param).toBe('model');
  });

  it.each([
    ['more steps than are tried', Array.from({ length: 101 }, () => step())],
    [
      'more headers than a request has',
      step(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1']))),
    ],
    ['a header longer than a request has', step({ 'cf-aig-metadata': 'x'.repeat(20_000) })],
  ])('has no universal request of %s', (_name, body) => {
    expect(refusalOf(() => parseBody(Buffer.from(JSON.stringify(body)), universalRequestSchema)).key).toBe(
      'invalid_request',
    );
  });
});
