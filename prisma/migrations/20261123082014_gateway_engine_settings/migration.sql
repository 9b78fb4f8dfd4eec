-- AlterTable
ALTER TABLE "gateways" ADD COLUMN     "engine" JSONB NOT NULL DEFAULT '{}';
