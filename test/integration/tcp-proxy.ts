import net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../lib/kube';

/** Stands between a client and a server and misbehaves on demand, as networks do. */
export class TcpProxy {
  private readonly pairs = new Set<[net.Socket, net.Socket]>();
  private frozen = false;
  private refusing = false;
  /** Connections accepted so far. */
  accepted = 0;
  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async start(target: URL): Promise<TcpProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.connect(client, target));
    return proxy;
  }

  /** The connection, through this proxy. */
  through(connection: Connection): Connection {
    const server = new URL(connection.server);
    server.port = String(this.port);
    return {
      server,
      namespace: connection.namespace,
      credentials: (fresh) => connection.credentials(fresh),
      close: () => connection.close(),
    };
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const [client, upstream] of this.pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.pairs.clear();
  }

  /** Accepts connections but moves no byte over them, old ones and new: half-open, as after a lost route. */
  freeze(): void {
    this.frozen = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  /** Lets new connections work again; the frozen ones stay dead. */
  thaw(): void {
    this.frozen = false;
  }

  /** Closes new connections as soon as they are made. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connect(client: net.Socket, target: URL): void {
    this.accepted++;
    const upstream = net.connect(Number(target.port), target.hostname);
    const pair: [net.Socket, net.Socket] = [client, upstream];
    this.pairs.add(pair);
    for (const socket of pair) {
      // Either end may be reset at any time: that is what this proxy is for.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        for (const other of pair) other.destroy();
        this.pairs.delete(pair);
      });
    }
    if (this.refusing) return void client.destroy();
    client.pipe(upstream).pipe(client);
    if (this.frozen) for (const socket of pair) socket.pause();
  }
}
