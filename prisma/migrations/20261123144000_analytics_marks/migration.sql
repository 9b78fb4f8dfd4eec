-- CreateTable
CREATE TABLE "analytics_marks" (
    "spool" TEXT NOT NULL,
    "segment" BIGINT NOT NULL,
    "offset" BIGINT NOT NULL,
    "noted_at" TIMESTAMPTZ(0) NOT NULL,

    CONSTRAINT "analytics_marks_pkey" PRIMARY KEY ("spool")
);
