-- Nothing here has a foreign key: rows are written in bulk, and go with their partition.

-- CreateTable
CREATE TABLE "request_logs" (
    "id" TEXT COLLATE "C" NOT NULL,
    "gateway_internal_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "provider" TEXT,
    "model" TEXT COLLATE "C",
    "requested_model" TEXT NOT NULL,
    "model_type" TEXT,
    "request_type" TEXT,
    "surface" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "success" BOOLEAN NOT NULL,
    "status_code" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "cached" BOOLEAN NOT NULL,
    "streamed" BOOLEAN NOT NULL,
    "step" INTEGER NOT NULL,
    "tokens_in" INTEGER,
    "tokens_out" INTEGER,
    "cost_nano" BIGINT,
    "custom_cost" BOOLEAN NOT NULL,
    "metadata" JSONB,
    "request_content_type" TEXT,
    "response_content_type" TEXT NOT NULL,
    "request_size" INTEGER NOT NULL,
    "response_size" INTEGER NOT NULL,
    "event_id" TEXT,
    "user_agent" TEXT,
    "token_id" TEXT,
    "credential" TEXT,
    "error" TEXT,
    "error_message" TEXT,
    "finish_reason" TEXT,
    "feedback" SMALLINT,
    "score" DOUBLE PRECISION,
    "detail" JSONB NOT NULL,

    CONSTRAINT "request_logs_pkey" PRIMARY KEY ("id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "request_log_payloads" (
    "id" TEXT COLLATE "C" NOT NULL,
    "request" BYTEA,
    "response" BYTEA,
    "request_cut" BOOLEAN NOT NULL,
    "response_cut" BOOLEAN NOT NULL,

    CONSTRAINT "request_log_payloads_pkey" PRIMARY KEY ("id")
) PARTITION BY RANGE ("id");

-- In line while it fits, and compressed: the partitions say from which length on.
ALTER TABLE "request_log_payloads" ALTER COLUMN "request" SET STORAGE MAIN, ALTER COLUMN "response" SET STORAGE MAIN;

-- CreateTable
CREATE TABLE "request_log_counts" (
    "gateway_internal_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "logs" INTEGER NOT NULL,

    CONSTRAINT "request_log_counts_pkey" PRIMARY KEY ("gateway_internal_id","day")
);

-- CreateIndex
CREATE INDEX "request_logs_gateway_id_idx" ON "request_logs"("gateway_internal_id", "id");

-- CreateIndex
CREATE INDEX "request_logs_gateway_model_id_idx" ON "request_logs"("gateway_internal_id", "model", "id");

-- What few rows have costs few rows something.
CREATE INDEX "request_logs_failed_idx" ON "request_logs"("gateway_internal_id", "id") WHERE NOT "success";
CREATE INDEX "request_logs_cached_idx" ON "request_logs"("gateway_internal_id", "id") WHERE "cached";
CREATE INDEX "request_logs_feedback_idx" ON "request_logs"("gateway_internal_id", "id") WHERE "feedback" IS NOT NULL;
CREATE INDEX "request_logs_event_id_idx" ON "request_logs"("event_id", "id") WHERE "event_id" IS NOT NULL;
CREATE INDEX "request_logs_metadata_idx" ON "request_logs" USING GIN ("metadata") WHERE "metadata" IS NOT NULL;
