import { interfaces, type LatticeConnection, WrpcClient } from '../../lattice';
import { RemoteHandler } from './remote-handler';

const { id, functions } = interfaces.http.incomingHandler;

/** Who answers HTTP elsewhere in the lattices of this host. */
export class RemoteHandlers {
  private client: WrpcClient | undefined;

  constructor(private readonly nats: () => LatticeConnection | undefined) {}

  /**
   * A handler that hands requests to a component over NATS; undefined before there has been a connection.
   * @param source Component id of the provider that accepted the request.
   */
  find(lattice: string, source: string, target: string): RemoteHandler | undefined {
    const connection = this.nats();
    if (connection === undefined) return undefined;
    if (this.client?.connection !== connection) this.client = new WrpcClient(connection);
    const headers = { 'source-id': source, 'target-id': target };
    const handle = this.client.bind({ lattice, id: target }, id, 'handle', functions.handle, headers);
    return new RemoteHandler(target, handle);
  }
}
