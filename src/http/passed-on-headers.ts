/** Headers that belong to one hop, or to the vendor's site as a browser sees it; `access-control-*` and `cf-*` are the gateway's to say. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'alt-svc',
  'date',
  'expect-ct',
  'nel',
  'report-to',
  'server',
  'strict-transport-security',
  'via',
]);

/**
 * A provider may send the caller elsewhere, and most clients would go there with the gateway token still in their headers: the
 * address is told under a name that none of them follows.
 */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['x-request-id', 'cf-aig-upstream-request-id'],
  ['location', 'cf-aig-upstream-location'],
]);

/** Adds the headers of a provider's own answer that its caller gets, names and values in turn. One that came more than once stays so. */
export function pushPassedOn(
  headers: string[],
  upstream: Readonly<Record<string, string | string[] | undefined>>,
): void {
  const { connection } = upstream;
  const hops = connection === undefined || connection === 'keep-alive' ? '' : String(connection).toLowerCase();
  for (const name in upstream) {
    const value = upstream[name];
    if (value === undefined || DROPPED.has(name) || name.startsWith('cf-') || name.startsWith('access-control-'))
      continue;
    if (hops !== '' && hops.split(/\s*,\s*/).includes(name)) continue;
    const told = RENAMED.get(name) ?? name;
    if (typeof value === 'string') headers.push(told, value);
    else for (const one of value) headers.push(told, one);
  }
}
