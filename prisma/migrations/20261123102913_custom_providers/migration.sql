-- CreateTable
CREATE TABLE "custom_providers" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "description" TEXT,
    "enable" BOOLEAN NOT NULL DEFAULT false,
    "beta" BOOLEAN NOT NULL DEFAULT false,
    "link" TEXT,
    "logo" TEXT,
    "curl_example" TEXT,
    "js_example" TEXT,
    "position" INTEGER NOT NULL DEFAULT 0,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "headers_preview" JSONB NOT NULL DEFAULT '{}',
    "kek_id" TEXT,
    "wrapped_key" BYTEA,
    "ciphertext" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "custom_providers_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "custom_providers_account_id_slug_key" ON "custom_providers"("account_id", "slug");

-- AddForeignKey
ALTER TABLE "custom_providers" ADD CONSTRAINT "custom_providers_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TRIGGER "custom_providers_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "custom_providers"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
