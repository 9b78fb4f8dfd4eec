import { headerSafe } from './gateway-headers.js';

/** The way a call took over a dynamic route. */
export interface RouteTaken {
  readonly id: string;
  readonly name: string;
  readonly versionId: string;
  /** The ids of the elements passed, in order; those of a route within are behind the element that named it: `outer/inner`. */
  readonly path: readonly string[];
}

const MAX_ROUTE_HEADER = 2048;

/** `cf-aig-route: support;version=01K…;path=start>tier>main>end`. */
export const toRouteHeader = ({ name, versionId, path }: RouteTaken): string =>
  headerSafe(`${name};version=${versionId};path=${path.join('>')}`, MAX_ROUTE_HEADER);

/** The same for an error's metadata, in the words of the wire. */
export const presentRoute = ({ id, name, versionId, path }: RouteTaken): Record<string, unknown> => ({
  id,
  name,
  version_id: versionId,
  path,
});
