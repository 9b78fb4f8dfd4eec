-- CreateTable
CREATE TABLE "analytics_rollups" (
    "gateway_internal_id" UUID NOT NULL,
    "resolution" TEXT NOT NULL,
    "at" TIMESTAMPTZ(0) NOT NULL,
    "writer" TEXT NOT NULL,
    "series" INTEGER NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "token_id" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "metadata_key" TEXT NOT NULL,
    "metadata_value" TEXT NOT NULL,
    "failure" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "cached" INTEGER NOT NULL,
    "tokens_in" BIGINT NOT NULL,
    "tokens_out" BIGINT NOT NULL,
    "tokens_cache_read" BIGINT NOT NULL,
    "tokens_cache_write" BIGINT NOT NULL,
    "tokens_reasoning" BIGINT NOT NULL,
    "cost_nano" BIGINT NOT NULL,
    "unpriced" INTEGER NOT NULL,
    "latency_buckets" SMALLINT[],
    "latency_counts" INTEGER[],
    "first_token_buckets" SMALLINT[],
    "first_token_counts" INTEGER[],

    CONSTRAINT "analytics_rollups_pkey" PRIMARY KEY ("gateway_internal_id","resolution","at","writer","series")
);

-- CreateIndex
CREATE INDEX "analytics_rollups_resolution_at_idx" ON "analytics_rollups"("resolution", "at");
