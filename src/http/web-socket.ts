import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../common/errors/gateway-error.js';

/** Throws `websocket_unsupported` for a request that wants to become a WebSocket. */
export function refuseWebSocket({ upgrade }: IncomingHttpHeaders): void {
  if (upgrade?.toLowerCase() === 'websocket')
    throw new GatewayError(
      'websocket_unsupported',
      'This gateway speaks no WebSockets yet: use HTTP, with "stream": true.',
    );
}
