import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can be made slow, or cut, while the server itself goes on. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  /** What answers wait for. */
  private go: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;
  private isDown = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (caller) => this.join(caller));
  }

  /** @param url The server's: the proxy leads to its host and port. */
  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(createServer({ noDelay: true }).listen(0, '127.0.0.1'), new URL(url));
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** The same URL, through here. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** So slow that no answer comes before `up()`: in their order then. */
  hold(): void {
    this.go = new Promise((resolve) => (this.release = resolve));
  }

  /** Connections break, and new ones are closed at once, until `up()`. */
  down(): void {
    this.isDown = true;
    for (const socket of this.sockets) socket.destroy();
  }

  up(): void {
    this.isDown = false;
    this.release();
  }

  async close(): Promise<void> {
    this.down();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(caller: Socket): void {
    if (this.isDown) {
      caller.destroy();
      return;
    }
    const server = connect({ host: this.target.hostname, port: Number(this.target.port), noDelay: true });
    for (const [socket, other] of [
      [caller, server],
      [server, caller],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    caller.on('data', (bytes: Buffer) => void server.write(bytes));
    let written = Promise.resolve();
    server.on('data', (bytes: Buffer) => {
      const { go } = this;
      written = written.then(() => go).then(() => void (caller.destroyed || caller.write(bytes)));
    });
  }
}
