-- CreateTable
CREATE TABLE "dynamic_routes" (
    "id" TEXT NOT NULL,
    "gateway_internal_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version_id" TEXT NOT NULL,
    "deployment_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "modified_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dynamic_routes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dynamic_route_versions" (
    "id" TEXT NOT NULL,
    "route_id" TEXT NOT NULL,
    "elements" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dynamic_route_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dynamic_route_deployments" (
    "id" TEXT NOT NULL,
    "route_id" TEXT NOT NULL,
    "version_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dynamic_route_deployments_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "dynamic_routes_gateway_name_key" ON "dynamic_routes"("gateway_internal_id", "name");

-- CreateIndex
CREATE INDEX "dynamic_route_versions_route_id_idx" ON "dynamic_route_versions"("route_id", "id");

-- CreateIndex
CREATE INDEX "dynamic_route_deployments_route_id_idx" ON "dynamic_route_deployments"("route_id", "id");

-- AddForeignKey
ALTER TABLE "dynamic_routes" ADD CONSTRAINT "dynamic_routes_gateway_internal_id_fkey" FOREIGN KEY ("gateway_internal_id") REFERENCES "gateways"("internal_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dynamic_route_versions" ADD CONSTRAINT "dynamic_route_versions_route_id_fkey" FOREIGN KEY ("route_id") REFERENCES "dynamic_routes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dynamic_route_deployments" ADD CONSTRAINT "dynamic_route_deployments_route_id_fkey" FOREIGN KEY ("route_id") REFERENCES "dynamic_routes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dynamic_route_deployments" ADD CONSTRAINT "dynamic_route_deployments_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "dynamic_route_versions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Versions and deployments are seen by calls through the row of their route alone.
CREATE TRIGGER "dynamic_routes_config_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "dynamic_routes"
  FOR EACH STATEMENT EXECUTE FUNCTION "announce_config_change"();
