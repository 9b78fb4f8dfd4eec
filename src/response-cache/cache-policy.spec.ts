import { describe, expect, it } from '@jest/globals';
import { parseCacheHeaders } from '../contract/cache-headers.js';
import { newDefaultGateway } from '../gateways/default-gateway.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import { cacheTtlMs } from './cache-policy.js';

const gateway = (cacheTtl: number | null) => ({ ...newDefaultGateway('default', new Date(0)), cacheTtl });
const chat: ProviderCall = {
  kind: 'chat',
  request: { model: 'openai/m', messages: [] },
  raw: Buffer.from('{}'),
  headers: [],
};
const native = (path: string, extra: Partial<Extract<ProviderCall, { kind: 'native' }>> = {}): ProviderCall => ({
  kind: 'native',
  method: 'POST',
  path,
  request: { model: 'm', stream: false },
  raw: Buffer.from('{}'),
  upload: null,
  headers: [],
  credentials: [],
  ...extra,
});
const seconds = (headers: Record<string, string>, ttl: number | null, call: ProviderCall = chat): number =>
  cacheTtlMs(parseCacheHeaders(headers), gateway(ttl), call) / 1000;

describe('cacheTtlMs', () => {
  it.each<[string, Record<string, string>, number | null, number]>([
    ['nobody asks', {}, null, 0],
    ['the gateway says 0', {}, 0, 0],
    ['the gateway says so', {}, 600, 600],
    ['the header is stronger', { 'cf-aig-cache-ttl': '7200' }, 600, 7200],
    ['the older name', { 'cf-cache-ttl': '7200' }, 600, 7200],
    ['the newer name is stronger', { 'cf-aig-cache-ttl': '7200', 'cf-cache-ttl': '60' }, 600, 7200],
    ['0 turns it off', { 'cf-aig-cache-ttl': '0' }, 600, 0],
    ['below the least', { 'cf-aig-cache-ttl': '5' }, 600, 60],
    ['beyond the most', { 'cf-aig-cache-ttl': '99999999' }, 600, 2_592_000],
    ['a time alone asks for nothing', { 'cf-aig-cache-ttl': '7200' }, null, 0],
    ['a key asks', { 'cf-aig-cache-key': 'k' }, null, 300],
    ['a key, and the gateway says how long', { 'cf-aig-cache-key': 'k' }, 600, 600],
    ['a key, and the header says how long', { 'cf-aig-cache-key': 'k', 'cf-aig-cache-ttl': '90' }, 600, 90],
    ['skipped', { 'cf-aig-skip-cache': 'TRUE' }, 600, 0],
    ['not skipped', { 'cf-aig-skip-cache': 'false' }, 600, 600],
    ['skipped by the older name', { 'cf-skip-cache': 'true' }, 600, 0],
    ['empty headers say nothing', { 'cf-aig-cache-ttl': '', 'cf-aig-cache-key': '' }, 600, 600],
  ])('%s', (_name, headers, ttl, expected) => {
    expect(seconds(headers, ttl)).toBe(expected);
  });

  it.each(['soon', '-1', 'NaN', '1e999'])('refuses %s seconds', (text) => {
    expect(() => parseCacheHeaders({ 'cf-aig-cache-ttl': text })).toThrow(
      expect.objectContaining({ key: 'invalid_request', param: 'cf-aig-cache-ttl' }),
    );
  });

  it.each([
    '/v1/chat/completions',
    '/chat/completions',
    '/v1/responses',
    '/v1/messages?beta=true',
    '/v1beta/models/gemini-2.5-flash:generateContent',
    '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent',
    '/bedrock-runtime/us-east-1/model/us.anthropic.claude/converse-stream',
    '/v2/chat',
    '/v1/embeddings',
    '/v1/images/generations',
    '/v1/audio/speech',
    '/v1/text-to-speech/voice?output_format=mp3',
    '/@cf/meta/llama-3.1-8b-instruct',
    '/run/@cf/meta/llama-3.1-8b-instruct',
  ])('caches what asks a model: %s', (path) => {
    expect(seconds({}, 600, native(path))).toBe(600);
  });

  it.each([
    '/v1/files',
    '/v1/batches',
    '/v1/messages/batches',
    '/v1/fine_tuning/jobs',
    '/v1/threads/t/runs',
    '/v1beta/models/gemini:batchGenerateContent',
    '/v1beta/cachedContents',
    '/v1/tasks/runs',
  ])('does not cache what makes a thing, unless it is told a key: %s', (path) => {
    expect(seconds({}, 600, native(path))).toBe(0);
    expect(seconds({ 'cf-aig-cache-key': 'k' }, 600, native(path))).toBe(600);
  });

  it('caches nothing that is no POST, that is sent on as it comes, or that is too large', () => {
    const path = '/v1/messages';
    const key = { 'cf-aig-cache-key': 'k' };
    const upload = { stream: null as never, length: 10 };

    expect(seconds(key, 600, native(path, { method: 'GET' }))).toBe(0);
    expect(seconds(key, 600, native(path, { upload }))).toBe(0);
    expect(seconds(key, 600, { ...chat, raw: Buffer.alloc(25 * 1024 * 1024 + 1) })).toBe(0);
  });
});
