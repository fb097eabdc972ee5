import { createServer, type Server } from 'node:net';
import type { Connection } from './connection';

/** Accepts the connections of an address, and hands each on untouched. */
export class Acceptor {
  private constructor(private readonly server: Server) {}

  /**
   * Resolves once connections are accepted.
   * @throws the error of node:net, with its `code`
   */
  static async listen(host: string, port: number, take: (connection: Connection) => void): Promise<Acceptor> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => resolve());
    });
    const { _handle: handle } = server as unknown as { _handle: ListeningHandle };
    // In the place of node:net's own, which would start to read.
    handle.onconnection = (_, connection) => {
      // Without one it was over before it was accepted.
      if (connection === undefined) return;
      connection.setNoDelay(true);
      take(connection);
    };
    return new Acceptor(server);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

interface ListeningHandle {
  onconnection: (status: number, connection: Connection | undefined) => void;
}
