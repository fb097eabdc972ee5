import type { RequestListener } from 'node:http';
import { Backoff } from '../../base/backoff';
import { TerminalError, messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { sleep } from '../../base/sleep';
import { BoundedServer } from '../http/bounded-server';
import { addressName, type Address } from './http-routes';
import type { Certificate } from './http-settings';

/** Whoever can accept the connections of an address by itself. */
export interface DirectServer {
  serveDirectly(
    host: string,
    port: number,
    onCovered: (covered: boolean) => Promise<void>,
  ): { close(graceMs: number): Promise<void> } | undefined;
}

/** How long requests under way may go on when somebody else takes over. */
const handOverMs = 30_000;
/** Only there does the kernel spread the connections of an address over those that share it. */
const shared = process.platform === 'linux';

/**
 * One address. The main thread listens until the workers of the one actor that serves all of it do, and again when they do not: there is
 * somebody at every moment.
 */
export class HttpAddress {
  private main: BoundedServer | undefined;
  private direct: { readonly server: DirectServer; close(graceMs: number): Promise<void> } | undefined;
  private closed = false;

  private constructor(
    private readonly host: string,
    readonly port: number,
    private readonly handle: RequestListener,
    private readonly log: Logger,
    private certificate: Certificate | undefined,
  ) {}

  /**
   * Resolves once connections are accepted.
   * @throws TerminalError `AddressInUse` or `AddressNotAvailable`.
   */
  static async open(
    address: Address,
    handle: RequestListener,
    log: Logger,
    certificate?: Certificate,
  ): Promise<HttpAddress> {
    try {
      // Alone at first: what shares an address does not notice that another program is there too.
      const probe = new BoundedServer(handle);
      const port = await probe.listen(address.host, address.port, false);
      await probe.close(0);
      const opened = new HttpAddress(address.host, port, handle, log, certificate);
      await opened.listen();
      return opened;
    } catch (error) {
      throw listenError(address, error as NodeJS.ErrnoException);
    }
  }

  /** Where it can be reached, e.g. `http://0.0.0.0:8080`. */
  get endpoint(): string {
    return `${this.certificate === undefined ? 'http' : 'https'}://${addressName({ host: this.host, port: this.port })}`;
  }

  /** Uses another certificate for new connections. @returns false when it cannot: a listener speaks TLS or does not, for good */
  certify(certificate: Certificate | undefined): boolean {
    if ((certificate === undefined) !== (this.certificate === undefined)) return false;
    if (certificate === undefined || certificate.cert === this.certificate?.cert) return true;
    this.certificate = certificate;
    this.main?.certify(certificate);
    return true;
  }

  /** Lets one server accept everything by itself, or nobody but the main thread. */
  async serveBy(server: DirectServer | undefined): Promise<void> {
    if (!shared || server === this.direct?.server) return;
    const previous = this.direct;
    this.direct = undefined;
    const started = server?.serveDirectly(this.host, this.port, (covered) => this.cover(server, covered));
    if (server !== undefined && started !== undefined) {
      this.direct = { server, close: (graceMs) => started.close(graceMs) };
    }
    if (previous === undefined) return;
    await this.listen();
    void previous.close(handOverMs);
  }

  /** Stops listening, lets requests end for as long as `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    const { main, direct } = this;
    this.main = this.direct = undefined;
    await Promise.all([main?.close(graceMs), direct?.close(graceMs)]);
  }

  private async cover(server: DirectServer, covered: boolean): Promise<void> {
    if (!covered) return this.listen();
    if (this.direct?.server !== server) return;
    const { main } = this;
    this.main = undefined;
    await main?.close(handOverMs);
  }

  private async listen(): Promise<void> {
    if (this.main !== undefined || this.closed) return;
    const server = new BoundedServer(this.handle, this.certificate);
    this.main = server;
    const first = new Backoff({ minMs: 50, maxMs: 5_000 });
    for (;;) {
      try {
        await server.listen(this.host, this.port, shared);
        return;
      } catch (error) {
        if (this.main !== server) return;
        this.log.warn({ endpoint: this.endpoint, error: messageOf(error) }, 'Could not listen again');
        await sleep(first.next());
      }
    }
  }
}

function listenError(address: Address, error: NodeJS.ErrnoException): TerminalError {
  const name = addressName(address);
  if (error.code === 'EADDRINUSE') {
    return new TerminalError(
      'AddressInUse',
      `sourceConfig.address ${name} is in use by another program of this machine`,
      'Stop that program, or choose another port',
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
