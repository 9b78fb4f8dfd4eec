/**
 * A provider that costs next to nothing: OpenAI's chat completions, Anthropic's Messages and Gemini over bare sockets, every byte of every answer made
 * beforehand. `lib/answers.mjs` tells what the model's name asks for. Refuses a call that does not carry exactly the provider
 * key, and one in which the gateway's own headers have leaked.
 *
 * `GET /stats`: {requests, open}. Prints {"port"} when it listens.
 */
import net from 'node:net';
import { answerOf } from './lib/answers.mjs';
import { PROVIDER_KEY } from './lib/keys.mjs';

const stats = { requests: 0, open: 0 };
const HEAD_END = Buffer.from('\r\n\r\n');
const MODEL = Buffer.from('"mock');
const QUOTE = 0x22;
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
);
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
/** The paths it serves, and how each wants the key. A model's name stands in Gemini's path, else in the body. */
const SERVED = [
  ['post /v1/chat/completions ', `\r\nauthorization: bearer ${PROVIDER_KEY}\r\n`],
  ['post /v1/messages ', `\r\nx-api-key: ${PROVIDER_KEY}\r\n`],
  ['post /v1beta/models/', `\r\nx-goog-api-key: ${PROVIDER_KEY}\r\n`],
].map(([path, key]) => [path, key.toLowerCase()]);

const whole = (status, body) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} Mock\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`),
    body,
  ]);
const failure = (status, message) =>
  whole(status, Buffer.from(JSON.stringify({ error: { message, type: 'mock_error', param: null, code: null } })));
const frame = (event) => Buffer.concat([Buffer.from(`${event.length.toString(16)}\r\n`), event, Buffer.from('\r\n')]);

const prepared = new Map();
function prepare(name) {
  let ready = prepared.get(name);
  if (ready === undefined) {
    const { spec, events, body } = answerOf(name);
    const frames = events.map(frame);
    const cut = spec.a > 0 ? frames.slice(0, spec.a) : frames;
    const perWrite = spec.b > 0 ? spec.b : Math.max(1, cut.length);
    const writes = [];
    for (let at = 0; at < cut.length; at += perWrite) writes.push(Buffer.concat(cut.slice(at, at + perWrite)));
    if (writes.length > 0) {
      writes[0] = Buffer.concat([STREAM_HEAD, writes[0]]);
      if (spec.a === 0) writes.push(Buffer.concat([writes.pop(), LAST_CHUNK]));
    }
    const json = spec.x === 200 ? whole(200, body) : failure(spec.x, 'as the model asked');
    ready = { spec, frames, writes, json };
    prepared.set(name, ready);
  }
  return ready;
}

/** One caller's socket: reads a request, answers it, waits for the next. */
class Connection {
  constructor(socket) {
    this.socket = socket;
    this.pending = null;
    this.bodyLeft = 0;
    this.isBody = false;
    this.model = null;
    this.refusal = null;
    this.timer = null;
    this.isStreaming = false;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(this.timer);
      if (this.isStreaming) stats.open -= 1;
      this.isStreaming = false;
    });
  }

  read(bytes) {
    if (!this.isBody) {
      const seen = this.pending === null ? bytes : Buffer.concat([this.pending, bytes]);
      const end = seen.indexOf(HEAD_END);
      if (end < 0) {
        this.pending = seen;
        return;
      }
      this.pending = null;
      this.readHead(seen.latin1Slice(0, end + 2));
      if (!this.isBody) return;
      this.readBody(seen, end + 4);
    } else this.readBody(bytes, 0);
  }

  readHead(head) {
    if (head.startsWith('GET /stats ')) {
      this.socket.write(whole(200, Buffer.from(JSON.stringify(stats))));
      return;
    }
    stats.requests += 1;
    const lower = head.toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(lower);
    this.refusal = null;
    const served = SERVED.find(([path]) => lower.startsWith(path));
    if (served === undefined) this.refusal = failure(404, 'the mock knows no such path');
    else if (!lower.includes(served[1])) this.refusal = failure(401, 'not the provider key');
    else if (lower.includes('\r\ncf-aig-')) this.refusal = failure(400, 'a header of the gateway has leaked');
    if (length === null) {
      this.socket.end(failure(411, 'the mock wants a content-length'));
      return;
    }
    this.isBody = true;
    this.bodyLeft = Number(length[1]);
    this.model = /^post \/v1beta\/models\/(mock[a-z0-9-]*):/.exec(lower)?.[1] ?? null;
  }

  readBody(bytes, from) {
    if (this.model === null && bytes.length > from) {
      const seen = this.pending === null ? bytes.subarray(from) : Buffer.concat([this.pending, bytes.subarray(from)]);
      const start = seen.indexOf(MODEL);
      const end = start < 0 ? -1 : seen.indexOf(QUOTE, start + 1);
      this.pending = null;
      if (end > 0) this.model = seen.latin1Slice(start + 1, end);
      else this.pending = seen;
    }
    this.bodyLeft -= bytes.length - from;
    if (this.bodyLeft > 0) return;
    this.isBody = false;
    this.pending = null;
    if (this.bodyLeft < 0) this.socket.end(failure(400, 'the mock takes no pipelined requests'));
    else if (this.refusal !== null) this.socket.write(this.refusal);
    else if (this.model === null) this.socket.write(failure(400, 'no mock model in the body'));
    else this.answer(prepare(this.model));
  }

  answer(ready) {
    const { spec } = ready;
    if (spec.d > 0) this.timer = setTimeout(() => this.begin(ready), spec.d);
    else this.begin(ready);
  }

  begin(ready) {
    if (ready.frames.length === 0 || ready.spec.x !== 200) {
      this.socket.write(ready.json);
      return;
    }
    this.isStreaming = true;
    stats.open += 1;
    if (ready.spec.i > 0) {
      // The role and the first token come together, as providers send them.
      this.socket.write(Buffer.concat([STREAM_HEAD, ready.frames[0], ready.frames[1]]));
      this.timer = setTimeout(() => this.pace(ready, 2), ready.spec.i);
    } else {
      for (const bytes of ready.writes) this.socket.write(bytes);
      this.end(ready);
    }
  }

  pace(ready, at) {
    const { frames, spec } = ready;
    if (spec.a > 0 && at >= spec.a) this.end(ready);
    else if (at < frames.length - 3) {
      this.socket.write(frames[at]);
      this.timer = setTimeout(() => this.pace(ready, at + 1), spec.i);
    } else {
      // The finish, the usage and [DONE] come together, as providers send them.
      this.socket.write(Buffer.concat([...frames.slice(at), LAST_CHUNK]));
      this.end(ready);
    }
  }

  end(ready) {
    this.isStreaming = false;
    stats.open -= 1;
    if (ready.spec.a > 0) this.socket.destroySoon();
  }
}

const server = net.createServer((socket) => new Connection(socket));
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
