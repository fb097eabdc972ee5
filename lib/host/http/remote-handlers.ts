import { interfaces, type LatticeConnection, WrpcClient } from '../../lattice';
import type { UnservedCalls } from '../calls/unserved-calls';
import { RemoteHandler } from './remote-handler';

const { id, functions } = interfaces.http.incomingHandler;

/** A component elsewhere, and who asks it on whose behalf. */
export interface RemoteTarget {
  readonly namespace: string;
  /** Id of the lattice that the namespace is. */
  readonly lattice: string;
  /** Component id of the provider that accepted the request. */
  readonly source: string;
  /** Component id of who is to answer. */
  readonly target: string;
  /** How long requests wait while nobody does, in milliseconds. @default 0 */
  readonly waitMs?: number;
}

/** Who answers HTTP elsewhere in the lattices of this host. */
export class RemoteHandlers {
  private client: WrpcClient | undefined;

  constructor(
    private readonly nats: () => LatticeConnection | undefined,
    private readonly unserved: UnservedCalls,
  ) {}

  /** A handler that hands requests to a component over NATS; undefined before there has been a connection. */
  find({ namespace, lattice, source, target, waitMs = 0 }: RemoteTarget): RemoteHandler | undefined {
    const connection = this.nats();
    if (connection === undefined) return undefined;
    if (this.client?.connection !== connection) this.client = new WrpcClient(connection);
    const headers = { 'source-id': source, 'target-id': target };
    const handle = this.client.bind({ lattice, id: target }, id, 'handle', functions.handle, headers);
    const callee = { namespace, component: target };
    return new RemoteHandler(target, handle, (error, signal, attempt) =>
      this.unserved.again(callee, error, { waitMs, signal }, attempt),
    );
  }
}
