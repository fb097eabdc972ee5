import * as http from 'node:http';
import * as https from 'node:https';
import { Server } from 'node:net';

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
/** How long idle connections are kept when the server closes. */
const lingerMs = 2000;
/** A turn of the event loop in which nothing else was done takes no longer. */
const quietTurnMs = 0.1;
/** Turns of the event loop to wait for a quiet one. */
const maxTurns = 1000;

/** A server of node:http, with bounds, that can be closed without failing a request. */
export class BoundedServer {
  private readonly server: http.Server | https.Server;
  private closing = false;
  /** Connections accepted so far. */
  private connections = 0;

  /** @param certificate PEM; with it, the server speaks TLS only. */
  constructor(handle: http.RequestListener, certificate?: { readonly cert: string; readonly key: string }) {
    const serve: http.RequestListener = (request, response) => {
      // Whoever keeps a connection open while we close would meet nobody the next time.
      if (this.closing) response.shouldKeepAlive = false;
      handle(request, response);
    };
    this.server =
      certificate === undefined
        ? http.createServer(bounds, serve)
        : https.createServer({ ...bounds, ...certificate, handshakeTimeout: bounds.headersTimeout }, serve);
    this.server.maxConnections = maxConnections;
    this.server.on('connection', () => this.connections++);
  }

  /** Uses another certificate for new connections. */
  certify(certificate: { readonly cert: string; readonly key: string }): void {
    if (this.server instanceof https.Server) this.server.setSecureContext(certificate);
  }

  /** Resolves with the port once connections are accepted; with `shared`, beside others that do the same. */
  listen(host: string, port: number, shared: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      // `reusePort` is of Node 23.1 and not in our types, which are those of Node 20.
      const options = { host, port, reusePort: shared };
      this.server.listen(options, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as { port: number }).port);
      });
    });
  }

  /**
   * Takes no more connections, lets requests end for as long as `graceMs`, then cuts what is left. Clients that keep connections open are
   * asked to use others at their next request: to cut an idle connection is to fail the request that is on its way on it.
   */
  async close(graceMs: number): Promise<void> {
    await this.quiet();
    this.closing = true;
    // Not the close of http.Server, which cuts idle connections first.
    const closed = new Promise<void>((resolve) => Server.prototype.close.call(this.server, () => resolve()));
    const linger = setTimeout(() => this.server.closeIdleConnections(), Math.min(lingerMs, graceMs));
    const cut = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(linger);
    clearTimeout(cut);
    // The same again for what only http.Server does: it ends its timer.
    this.server.close();
  }

  /**
   * Resolves in a turn of the event loop in which nothing happened. What the kernel has queued for a socket is lost when the socket is closed,
   * even if others share its address: so it is closed right after a look that found nothing.
   */
  private async quiet(): Promise<void> {
    for (let turns = 0; turns < maxTurns; turns++) {
      const [seen, since] = [this.connections, performance.now()];
      await new Promise(setImmediate);
      if (seen === this.connections && performance.now() - since < quietTurnMs) return;
    }
  }
}
