-- CreateTable
CREATE TABLE "price_overrides" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "gateway_internal_id" UUID,
    "provider" TEXT NOT NULL,
    "custom_provider_id" TEXT,
    "model" TEXT NOT NULL,
    "model_rule" TEXT NOT NULL,
    "pricing" JSONB NOT NULL,
    "enable" BOOLEAN NOT NULL DEFAULT true,
    "changed_by" TEXT NOT NULL,
    "weight" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_overrides_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "price_overrides_account_id_created_at_idx" ON "price_overrides"("account_id", "created_at");

-- AddForeignKey
ALTER TABLE "price_overrides" ADD CONSTRAINT "price_overrides_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_overrides" ADD CONSTRAINT "price_overrides_gateway_internal_id_fkey" FOREIGN KEY ("gateway_internal_id") REFERENCES "gateways"("internal_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_overrides" ADD CONSTRAINT "price_overrides_custom_provider_id_fkey" FOREIGN KEY ("custom_provider_id") REFERENCES "custom_providers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TRIGGER "price_overrides_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "price_overrides"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
