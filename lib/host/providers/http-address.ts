import type { RequestListener } from 'node:http';
import { TerminalError } from '../../base/errors';
import { Acceptor } from '../http/acceptor';
import { BoundedServer } from '../http/bounded-server';
import type { Connection } from '../http/connection';
import type { DirectAddress } from '../worker/direct-connections';
import { addressName, type Address } from './http-routes';
import type { Certificate } from './http-settings';

/** Whoever can serve the connections of an address by itself. */
export interface DirectServer {
  serveDirectly(giveBack: (connection: Connection) => void): DirectAddress | undefined;
}

/** How long requests under way may go on when somebody else takes over. */
const handOverMs = 30_000;

/**
 * One address. The main thread accepts its connections and hands them to the workers of the one actor that serves all of it; it serves those
 * itself that nobody takes.
 */
export class HttpAddress {
  private readonly main: BoundedServer;
  private server: DirectServer | undefined;
  private direct: DirectAddress | undefined;
  private closed = false;

  private constructor(
    private readonly host: string,
    private readonly acceptor: Acceptor,
    handle: RequestListener,
    private certificate: Certificate | undefined,
  ) {
    // What comes here while workers can serve it came too early: the next connection goes to them.
    this.main = new BoundedServer(handle, { certificate, keeps: () => this.direct?.ready !== true });
  }

  /**
   * Resolves once connections are accepted.
   * @throws TerminalError `AddressInUse` or `AddressNotAvailable`.
   */
  static async open(
    address: Address,
    handle: RequestListener,
    certificate?: Certificate,
  ): Promise<HttpAddress> {
    try {
      const take = (connection: Connection): void => opened.take(connection);
      const acceptor = await Acceptor.listen(address.host, address.port, take);
      const opened = new HttpAddress(address.host, acceptor, handle, certificate);
      return opened;
    } catch (error) {
      throw listenError(address, error as NodeJS.ErrnoException);
    }
  }

  /** Where it can be reached, e.g. `http://0.0.0.0:8080`. */
  get endpoint(): string {
    const scheme = this.certificate === undefined ? 'http' : 'https';
    return `${scheme}://${addressName({ host: this.host, port: this.acceptor.port })}`;
  }

  /** Uses another certificate for new connections. @returns false when it cannot: a listener speaks TLS or does not, for good */
  certify(certificate: Certificate | undefined): boolean {
    if ((certificate === undefined) !== (this.certificate === undefined)) return false;
    if (certificate === undefined || certificate.cert === this.certificate?.cert) return true;
    this.certificate = certificate;
    this.main.certify(certificate);
    return true;
  }

  /** Lets one server serve all connections by itself, or nobody but the main thread. */
  serveBy(server: DirectServer | undefined): void {
    if (server === this.server) return;
    const previous = this.direct;
    this.server = server;
    this.direct = server?.serveDirectly((connection) => this.take(connection));
    void previous?.close(handOverMs);
  }

  /** Stops listening, lets requests end for as long as `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    await Promise.all([this.acceptor.close(), this.main.close(graceMs), this.direct?.close(graceMs)]);
  }

  private take(connection: Connection): void {
    if (this.closed) connection.close();
    else if (this.direct?.take(connection) !== true) this.main.accept(connection);
  }
}

function listenError(address: Address, error: NodeJS.ErrnoException): TerminalError {
  const name = addressName(address);
  if (error.code === 'EADDRINUSE') {
    return new TerminalError(
      'AddressInUse',
      `sourceConfig.address ${name} is in use by another program or lattice of this machine`,
      'Stop that one, or choose another port',
      { cause: error },
    );
  }
  return new TerminalError(
    'AddressNotAvailable',
    `sourceConfig.address ${name} cannot be listened on`,
    'Choose an address of this machine, and a port above 1023 unless the host may use lower ones',
    { cause: error },
  );
}
