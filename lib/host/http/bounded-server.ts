import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { type Connection, socketOf } from './connection';

/** Bounds on what a client may make the host hold or wait for. */
const bounds = {
  maxHeaderSize: 32_768,
  /** Time for the headers of a request. */
  headersTimeout: 10_000,
  /** Time for a whole request, body included. */
  requestTimeout: 300_000,
  keepAliveTimeout: 60_000,
  /** How often the times above are looked at. */
  connectionsCheckingInterval: 2_000,
};
const maxConnections = 10_000;
/** How long a client may take none of what is sent to it. */
const stallMs = 120_000;
/** How long idle connections are kept when the server closes. */
const lingerMs = 2000;

export interface BoundedServerOptions {
  /** PEM; with it, the server speaks TLS only. */
  readonly certificate?: ServerCertificate | undefined;
  /** Whether the connection of a request is to be kept for others: where it is not, clients are asked to open another. @default always */
  readonly keeps?: () => boolean;
  /** Told how many connections there are. */
  readonly onCount?: (connections: number) => void;
  /** How long a client may take none of what is sent to it, in milliseconds; then its connection is cut. @default 120000 */
  readonly stallMs?: number;
}

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A server of node:http, with bounds, that is given its connections and can be closed without failing a request. */
export class BoundedServer {
  private readonly server: http.Server | https.Server;
  private readonly sockets = new Set<Socket>();
  private closing = false;
  private readonly onEmpty: (() => void)[] = [];

  constructor(
    handle: http.RequestListener,
    private readonly options: BoundedServerOptions = {},
  ) {
    const { certificate, keeps } = options;
    const serve: http.RequestListener = (request, response) => {
      // Whoever keeps a connection open while we close would meet nobody the next time.
      if (this.closing || keeps?.() === false) response.shouldKeepAlive = false;
      handle(request, response);
    };
    this.server =
      certificate === undefined
        ? http.createServer(bounds, serve)
        : https.createServer({ ...bounds, ...certificate, handshakeTimeout: bounds.headersTimeout }, serve);
    // Until a client takes what is sent to it, its response is kept, and the instance that sends it.
    this.server.timeout = options.stallMs ?? stallMs;
    this.server.on('timeout', (socket: Socket) => {
      // A request may take as long as it likes; other times are those of idle connections.
      if (socket.writableLength > 0 || socket.timeout !== this.server.timeout) socket.destroy();
    });
    // It never listens itself: this starts the checks of the times above.
    this.server.emit('listening');
  }

  /** Uses another certificate for new connections. */
  certify(certificate: ServerCertificate): void {
    if (this.server instanceof https.Server) this.server.setSecureContext(certificate);
  }

  /** Serves the requests of a connection. */
  accept(connection: Connection): void {
    if (this.sockets.size >= maxConnections) return connection.close();
    const socket = socketOf(connection);
    const { sockets, options } = this;
    sockets.add(socket);
    options.onCount?.(sockets.size);
    socket.once('close', () => {
      sockets.delete(socket);
      options.onCount?.(sockets.size);
      if (sockets.size === 0) for (const resolve of this.onEmpty.splice(0)) resolve();
    });
    this.server.emit('connection', socket);
  }

  /**
   * Lets requests end for as long as `graceMs`, then cuts what is left. Clients that keep connections open are asked to use others at their
   * next request: to cut an idle connection is to fail the request that is on its way on it. A second call may shorten the time.
   */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    const linger = setTimeout(() => this.server.closeIdleConnections(), Math.min(lingerMs, graceMs));
    const cut = setTimeout(() => this.server.closeAllConnections(), graceMs);
    if (this.sockets.size > 0) await new Promise<void>((resolve) => this.onEmpty.push(resolve));
    clearTimeout(linger);
    clearTimeout(cut);
    this.server.close();
  }
}
