/** A dynamic route as administrators see it. */
export interface DynamicRouteRecord {
  readonly id: string;
  readonly name: string;
  /** The version that serves. */
  readonly version: RouteVersion;
  readonly deployment: RouteDeployment;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/** A route's elements as they were saved once. */
export interface RouteVersion {
  readonly id: string;
  readonly elements: readonly unknown[];
  readonly createdAt: Date;
}

/** When a version began to serve. */
export interface RouteDeployment {
  readonly id: string;
  readonly versionId: string;
  readonly createdAt: Date;
}

/** Which version of a route serves, without its elements. */
export interface ServingRoute {
  readonly id: string;
  readonly gatewayInternalId: string;
  readonly name: string;
  readonly versionId: string;
}
