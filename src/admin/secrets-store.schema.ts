import { z } from 'zod';

import { type InputIssue, inputError, PlatformError, SECRETS_STORE_CODES } from '../common/errors/platform-error.js';
import { type SecretsStore, SECRET_SCOPES, type StoredSecret } from '../keys/stored-secret.js';
import { direction, paging, search } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

/** This tree's own error words, which its clients look for in place of 7001. */
const WORDS: ReadonlySet<string> = new Set([
  'invalid_json_body',
  'secret_name_empty',
  'secret_scope_invalid',
  'secret_scopes_empty',
]);

/** 400/1001 with the word a client knows, else the control plane's ordinary 400. */
export function toSecretsError(...issues: InputIssue[]): PlatformError {
  const known = issues.find(({ reason }) => WORDS.has(reason));
  return known === undefined
    ? inputError(...issues)
    : new PlatformError(400, [{ code: SECRETS_STORE_CODES.secret, message: known.reason, path: known.path }]);
}

/** 64 KiB of UTF-8. */
const value = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 65_536, 'is larger than 64 KiB');

const name = z
  .string()
  .min(1, 'secret_name_empty')
  .max(255)
  .regex(/^[\x21-\x7e]*$/, 'may hold visible ASCII characters only');

const scopes = z
  .array(z.enum(SECRET_SCOPES, 'secret_scope_invalid'))
  .min(1, 'secret_scopes_empty')
  .max(20)
  .transform((all) => [...new Set(all)]);

const comment = z.string().max(1024).nullish();

export const newStoreBody = z.object({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_.-]+$/, 'may hold letters, digits, "_", "." and "-"'),
});

export const newSecretsBody = z
  .array(z.object({ name, value, scopes, comment }), 'invalid_json_body')
  .min(1, 'invalid_json_body')
  .max(100);

export const editSecretBody = z.object(
  { value: value.optional(), scopes: scopes.optional(), comment },
  'invalid_json_body',
);

export const duplicateSecretBody = z.object({ name, scopes, comment }, 'invalid_json_body');

const secretId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Which secrets to delete, in any form clients use. Without a body nothing is deleted: a request that lost its body must not empty a store. */
export const deleteSecretsBody = z
  .union(
    [
      z
        .array(z.union([secretId, z.object({ id: secretId }).transform(({ id }) => id)]))
        .min(1)
        .max(100),
      z.object({ ids: z.array(secretId).min(1).max(100) }).transform(({ ids }) => ids),
    ],
    { error: 'invalid_json_body' },
  )
  .transform((ids) => [...new Set(ids)]);

export const storeListQuery = z.object({
  ...paging({ default: 100, max: 100 }),
  order: z.enum(['name', 'created', 'modified']).default('created'),
  direction: direction.default('asc'),
});

export const secretListQuery = z.object({
  // One page by default: some tools read no further when they look for a secret by its name.
  ...paging({ default: 100, max: 100 }),
  order: z.enum(['name', 'comment', 'created', 'modified', 'status']).default('created'),
  direction: direction.default('asc'),
  search,
  scopes: z
    .union([z.enum(SECRET_SCOPES).transform((one) => [one]), z.array(z.enum(SECRET_SCOPES)).max(20)])
    .default([]),
});

export const deleteStoreQuery = z.object({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

export type NewStoreBody = z.infer<typeof newStoreBody>;
export type NewSecretsBody = z.infer<typeof newSecretsBody>;
export type EditSecretBody = z.infer<typeof editSecretBody>;
export type DuplicateSecretBody = z.infer<typeof duplicateSecretBody>;
export type StoreListQuery = z.infer<typeof storeListQuery>;
export type SecretListQuery = z.infer<typeof secretListQuery>;
export type DeleteStoreQuery = z.infer<typeof deleteStoreQuery>;

export const storeAnswer = answerObject('SecretsStore', {
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  created: time,
  modified: time,
});

export const secretAnswer = answerObject('Secret', {
  id: z.string(),
  store_id: z.string(),
  name: z.string(),
  status: z.string(),
  scopes: z.array(z.enum(SECRET_SCOPES)),
  comment: z.string().optional(),
  created: time,
  modified: time,
});

export const quotaAnswer = answerObject('SecretsQuota', {
  secrets: z.strictObject({ quota: z.int(), usage: z.int() }),
});

export const presentStore = (store: SecretsStore) => ({
  id: store.id,
  account_id: store.accountId,
  name: store.name,
  created: store.createdAt.toISOString(),
  modified: store.modifiedAt.toISOString(),
});

/** A secret without its value, and without a preview too: the store's clients expect neither. */
export const presentSecret = (secret: StoredSecret) => ({
  id: secret.id,
  store_id: secret.storeId,
  name: secret.name,
  status: secret.status,
  scopes: secret.scopes,
  ...(secret.comment === null ? {} : { comment: secret.comment }),
  created: secret.createdAt.toISOString(),
  modified: secret.modifiedAt.toISOString(),
});
