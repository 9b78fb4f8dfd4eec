-- CreateTable
CREATE TABLE "budget_counters" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "window_id" TEXT NOT NULL,
    "buckets" JSONB NOT NULL,
    "held" BIGINT NOT NULL,
    "when_lost" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budget_counters_pkey" PRIMARY KEY ("scope","key","window_id")
);

-- CreateIndex
CREATE INDEX "budget_counters_expires_at_idx" ON "budget_counters"("expires_at");
