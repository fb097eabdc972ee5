import type { NatsConnection } from 'nats';
import { LatticeConnection, type LatticeConnectionOptions } from '../lattice/connection';
import { type LatticeLogger, silentLogger } from '../lattice/logger';
import { CurveKeyPair } from '../lattice/nkeys';
import type { HostData } from '../lattice/provider-contract';
import { readHostData } from './host-data';
import { type SecretKeys, readSecrets } from './link';
import { Provider } from './provider';

/** What holds for every provider, however it was started. */
export interface ProviderOptions {
  /** How long a call waits for its result unless it says otherwise, in milliseconds. @default what the host says, else 10000 */
  readonly deadlineMs?: number;
  /** Calls that are handled at once; more wait. @default 1024 */
  readonly maxConcurrent?: number;
  /** Where to log. @default nowhere */
  readonly log?: LatticeLogger;
}

/** How a program that no host started finds its lattice. */
export interface ConnectOptions extends ProviderOptions, Omit<LatticeConnectionOptions, 'servers' | 'log'> {
  /** NATS URLs, or a connection that is open already and stays open when the provider is closed. */
  readonly nats: string | readonly string[] | NatsConnection;
  /** Id of the lattice; in KasmCloud the namespace, unless its Lattice says otherwise. */
  readonly lattice: string;
  /** Id of this provider in the lattice: what links name. Programs with the same id share its calls. */
  readonly id: string;
  /** Configuration, as a host would give it. @default none */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * Joins a lattice as a capability provider: any program, on any machine that reaches NATS.
 *
 * Without `nats`, the program expects to have been started by a host, as the provider binary that a `WasmCloudProvider` names,
 * and takes everything from it.
 *
 * @throws KasmError when NATS cannot be reached, or there is no host at the standard input.
 * @example
 * import { connect, interfaces } from 'kasmcloud/provider';
 *
 * const provider = await connect({ nats: 'nats://127.0.0.1:4222', lattice: 'default', id: 'greeter' });
 * provider.serve(interfaces.http.incomingHandler, {
 *   handle: ({ body }) => {
 *     const headers: interfaces.http.Fields = [['content-type', [Buffer.from('text/plain')]]];
 *     return { status: 200, headers, body, trailers: Promise.resolve(undefined) };
 *   },
 * });
 * process.once('SIGTERM', () => void provider.close());
 * await provider.closed;
 */
export async function connect(options: ConnectOptions | ProviderOptions = {}): Promise<Provider> {
  return 'nats' in options ? connectTo(options) : connectToHost(options, await readHostData());
}

async function connectTo(options: ConnectOptions): Promise<Provider> {
  const { nats, lattice, id, config = {}, log = silentLogger } = options;
  const connection = isConnection(nats)
    ? LatticeConnection.of(nats, log)
    : await LatticeConnection.connect({ name: id, ...options, log, servers: nats });
  const provider = new Provider(connection, { ...options, lattice, id, config, secrets: {} });
  await provider.start([]);
  return provider;
}

/** For tests, too: joins as the provider that `data` describes. */
export async function connectToHost(options: ProviderOptions, data: HostData): Promise<Provider> {
  const { log = silentLogger, deadlineMs = data.default_rpc_timeout_ms } = options;
  const connection = await LatticeConnection.connect({
    servers: data.lattice_rpc_url,
    name: data.provider_key,
    log,
    ...(data.lattice_rpc_tls && { tls: data.lattice_rpc_tls }),
    ...(data.lattice_rpc_user_seed !== '' && { seed: data.lattice_rpc_user_seed }),
    ...(data.lattice_rpc_user_jwt !== '' && { jwt: data.lattice_rpc_user_jwt }),
  });
  const provider = new Provider(connection, {
    ...options,
    deadlineMs,
    lattice: data.lattice_rpc_prefix,
    id: data.provider_key,
    hostId: data.host_id,
    config: data.config,
    secrets: readSecrets(data.secrets),
    keys: secretKeys(data),
  });
  await provider.start(data.link_definitions);
  return provider;
}

function secretKeys(data: HostData): SecretKeys | undefined {
  if (data.provider_xkey_private_key === '' || data.host_xkey_public_key === '') return undefined;
  return { provider: CurveKeyPair.fromSeed(data.provider_xkey_private_key), host: data.host_xkey_public_key };
}

function isConnection(nats: ConnectOptions['nats']): nats is NatsConnection {
  return typeof nats === 'object' && 'publish' in nats;
}
