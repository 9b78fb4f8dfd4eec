/**
 * The reference: what a call costs in Node when nothing is done to it. `node:http` in, undici's `dispatch` with a handler out;
 * the body is collected, the key is set, the answer's bytes go back. UPSTREAM names the origin. Prints {"port"} when it listens.
 */
import http from 'node:http';
import { Pool } from 'undici';
import { PROVIDER_KEY } from './lib/keys.mjs';

const pool = new Pool(process.env.UPSTREAM, {
  pipelining: 1,
  keepAliveTimeout: 60_000,
  headersTimeout: 0,
  bodyTimeout: 0,
});

class Exchange {
  constructor(response) {
    this.response = response;
    this.controller = null;
    this.status = 0;
    this.type = '';
    this.isStream = false;
    this.parts = [];
    response.on('close', () => {
      if (!response.writableFinished) this.controller?.abort(new Error('the caller left'));
    });
  }

  onRequestStart(controller) {
    this.controller = controller;
  }

  onResponseStart(_controller, status, headers) {
    this.status = status;
    this.type = headers['content-type'];
    this.isStream = this.type.startsWith('text/event-stream');
    if (this.isStream) this.response.writeHead(status, ['content-type', this.type, 'cache-control', 'no-cache']);
  }

  onResponseData(controller, bytes) {
    if (!this.isStream) this.parts.push(bytes);
    else if (!this.response.write(bytes)) {
      controller.pause();
      this.response.once('drain', () => controller.resume());
    }
  }

  onResponseEnd() {
    if (this.isStream) {
      this.response.end();
      return;
    }
    const body = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
    this.response.writeHead(this.status, ['content-type', this.type, 'content-length', String(body.length)]).end(body);
  }

  onResponseError() {
    if (this.response.headersSent) this.response.destroy();
    else this.response.writeHead(502).end();
  }
}

const forward = (body, response) => {
  const headers = ['content-type', 'application/json', 'authorization', `Bearer ${PROVIDER_KEY}`];
  pool.dispatch({ method: 'POST', path: '/v1/chat/completions', headers, body }, new Exchange(response));
};

const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const parts = [];
  request.on('data', (bytes) => parts.push(bytes));
  request.on('end', () => forward(parts.length === 1 ? parts[0] : Buffer.concat(parts), response));
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
