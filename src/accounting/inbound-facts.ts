import { type CallMetadata, parseMetadata } from '../contract/call-metadata.js';
import { inboundHeader, type InboundHeaders } from '../contract/gateway-headers.js';
import type { Surface } from '../contract/surface.js';
import { parseTraceLink, type TraceLink } from '../contract/trace-headers.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';

/** What a request says besides its body. */
export interface InboundFacts {
  readonly surface: Surface;
  /** Without its query, which may hold a key. */
  readonly path: string;
  readonly userAgent: string | null;
  readonly contentType: string | null;
  readonly metadata: CallMetadata;
  /** Is the call logged? The header is stronger than the gateway, both ways. */
  readonly collectsLog: boolean;
  /** … with what was asked and answered? */
  readonly collectsPayload: boolean;
  /** Null where the caller says nothing of a trace, or the gateway exports none. */
  readonly trace: TraceLink | null;
}

/** Reads them. Headers that are no boolean say nothing. */
export function readInbound(
  surface: Surface,
  url: string,
  headers: InboundHeaders,
  gateway: GatewaySettings,
): InboundFacts {
  const query = url.indexOf('?');
  return {
    surface,
    path: query === -1 ? url : url.slice(0, query),
    userAgent: inboundHeader(headers, 'user-agent'),
    contentType: inboundHeader(headers, 'content-type'),
    metadata: parseMetadata(headers, gateway.engine.max_metadata_entries),
    collectsLog: flagOf(headers, 'cf-aig-collect-log') ?? gateway.collectLogs,
    collectsPayload: flagOf(headers, 'cf-aig-collect-log-payload') ?? true,
    trace: gateway.otel === null ? null : parseTraceLink(headers),
  };
}

function flagOf(headers: InboundHeaders, name: string): boolean | null {
  const text = inboundHeader(headers, name)?.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : null;
}
