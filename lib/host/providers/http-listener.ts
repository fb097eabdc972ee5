import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { TerminalError } from '../../base/errors';
import { addressName, type Address } from './http-routes';

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

/** One listening address. */
export class HttpListener {
  private constructor(private readonly server: http.Server) {}

  /**
   * Resolves once connections are accepted.
   * @throws TerminalError `AddressInUse` or `AddressNotAvailable`.
   */
  static listen(address: Address, handle: http.RequestListener): Promise<HttpListener> {
    const server = http.createServer(bounds, handle);
    server.maxConnections = maxConnections;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      server.listen(address.port, address.host, () => resolve(new HttpListener(server)));
    });
  }

  /** Where it can be reached, e.g. `http://0.0.0.0:8080`: the port that was given where 0 was asked for. */
  get endpoint(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${addressName({ host: address, port })}`;
  }

  /** Takes no more connections, lets requests end for as long as `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  }
}

function listenError(address: Address, error: NodeJS.ErrnoException): TerminalError {
  const name = addressName(address);
  switch (error.code) {
    case 'EADDRINUSE':
      return new TerminalError(
        'AddressInUse',
        `sourceConfig.address ${name} is in use by another program of this machine`,
        'Stop that program, or choose another port',
        { cause: error },
      );
    default:
      return new TerminalError(
        'AddressNotAvailable',
        `sourceConfig.address ${name} cannot be listened on`,
        'Choose an address of this machine, and a port above 1023 unless the host may use lower ones',
        { cause: error },
      );
  }
}
