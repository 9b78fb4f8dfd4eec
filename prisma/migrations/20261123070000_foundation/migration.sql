-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "accounts" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gateways" (
    "internal_id" UUID NOT NULL,
    "account_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "authentication" BOOLEAN NOT NULL DEFAULT true,
    "byok_only" BOOLEAN NOT NULL DEFAULT false,
    "cache_ttl" INTEGER,
    "cache_invalidate_on_update" BOOLEAN NOT NULL,
    "collect_logs" BOOLEAN NOT NULL,
    "rate_limiting_limit" INTEGER,
    "rate_limiting_interval" INTEGER,
    "rate_limiting_technique" TEXT,
    "retry_max_attempts" INTEGER,
    "retry_delay" INTEGER,
    "retry_backoff" TEXT,
    "log_management" INTEGER,
    "log_management_strategy" TEXT,
    "log_classification" BOOLEAN NOT NULL DEFAULT false,
    "logpush" BOOLEAN NOT NULL DEFAULT false,
    "logpush_public_key" TEXT,
    "otel" JSONB,
    "dlp" JSONB,
    "guardrails" JSONB,
    "spend_limits" JSONB,
    "stripe" JSONB,
    "store_id" TEXT,
    "workers_ai_billing_mode" TEXT NOT NULL DEFAULT 'postpaid',
    "zdr" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateways_pkey" PRIMARY KEY ("internal_id")
);

-- CreateTable
CREATE TABLE "secrets_stores" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secrets_stores_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stored_secrets" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "scopes" TEXT[],
    "comment" TEXT,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "kek_id" TEXT NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "preview" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stored_secrets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provider_keys" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "gateway_internal_id" UUID NOT NULL,
    "provider_slug" TEXT NOT NULL,
    "alias" TEXT NOT NULL,
    "default_config" BOOLEAN NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "secret_id" TEXT NOT NULL,
    "rate_limit" DOUBLE PRECISION,
    "rate_limit_period" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gateway_tokens" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "preview" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "policies" JSONB NOT NULL,
    "not_before" TIMESTAMPTZ(3),
    "expires_on" TIMESTAMPTZ(3),
    "issued_on" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_on" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateway_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "config_state" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "version" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "config_state_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "gateways_account_id_id_key" ON "gateways"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "secrets_stores_account_id_name_key" ON "secrets_stores"("account_id", "name");

-- CreateIndex
CREATE INDEX "stored_secrets_kek_id_idx" ON "stored_secrets"("kek_id");

-- CreateIndex
CREATE UNIQUE INDEX "stored_secrets_store_id_name_key" ON "stored_secrets"("store_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "provider_keys_secret_id_key" ON "provider_keys"("secret_id");

-- CreateIndex
CREATE UNIQUE INDEX "provider_keys_gateway_provider_alias_key" ON "provider_keys"("gateway_internal_id", "provider_slug", "alias");

-- CreateIndex
CREATE UNIQUE INDEX "gateway_tokens_hash_key" ON "gateway_tokens"("hash");

-- CreateIndex
CREATE INDEX "gateway_tokens_account_id_issued_on_idx" ON "gateway_tokens"("account_id", "issued_on");

-- AddForeignKey
ALTER TABLE "gateways" ADD CONSTRAINT "gateways_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secrets_stores" ADD CONSTRAINT "secrets_stores_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stored_secrets" ADD CONSTRAINT "stored_secrets_store_id_fkey" FOREIGN KEY ("store_id") REFERENCES "secrets_stores"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_keys" ADD CONSTRAINT "provider_keys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_keys" ADD CONSTRAINT "provider_keys_gateway_internal_id_fkey" FOREIGN KEY ("gateway_internal_id") REFERENCES "gateways"("internal_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_keys" ADD CONSTRAINT "provider_keys_secret_id_fkey" FOREIGN KEY ("secret_id") REFERENCES "stored_secrets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gateway_tokens" ADD CONSTRAINT "gateway_tokens_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Written by hand from here on: the change feed (docs/persistence.md).

-- The one row that counts configuration changes.
ALTER TABLE "config_state" ADD CONSTRAINT "config_state_one_row" CHECK ("id" = 1);
INSERT INTO "config_state" ("id", "version") VALUES (1, 0);

-- Counts a statement that may have changed configuration and tells every replica, both when its transaction commits. The
-- row's lock makes such transactions commit one after the other, so that a version that can be read never hides a change
-- of a lower one.
CREATE FUNCTION "announce_config_change"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  next_version BIGINT;
BEGIN
  UPDATE "config_state" SET "version" = "version" + 1 WHERE "id" = 1 RETURNING "version" INTO next_version;
  PERFORM pg_notify('config_changed', next_version::text);
  RETURN NULL;
END;
$$;

CREATE TRIGGER "accounts_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "accounts"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
CREATE TRIGGER "gateways_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "gateways"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
CREATE TRIGGER "secrets_stores_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "secrets_stores"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
CREATE TRIGGER "stored_secrets_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "stored_secrets"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
CREATE TRIGGER "provider_keys_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "provider_keys"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
CREATE TRIGGER "gateway_tokens_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "gateway_tokens"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
