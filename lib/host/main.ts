import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { log } from '../base/log';
import { keepTickShape } from '../base/tick-shape';
import { type Connection, KubeClient } from '../kube';
import type { LatticeConnectionOptions } from '../lattice/connection';
import { hostIdentity } from '../lattice/host-identity';
import { ActorHost } from './actor-host';
import { HostAgent } from './agent';
import type { Labels } from './agent-labels';
import { NatsLink } from './agent-nats';
import { builtinProviders } from './controllers/builtin-provider';
import { ImageStore } from './images/store';
import { ProviderProcesses } from './processes/processes';

export interface RunHostOptions {
  readonly connection: Connection;
  readonly nats: LatticeConnectionOptions;
  /** Name of the WasmCloudHost. */
  readonly name: string;
  /** Namespaces to serve, or `*`. */
  readonly lattices: readonly string[];
  readonly labels: Labels;
  /** Folder for the host's key and the images; belongs to this host alone. */
  readonly dataDir: string;
  readonly allowFileLoad: boolean;
  /** Registries that are spoken to without TLS. */
  readonly insecureRegistries: readonly string[];
  /** PEM file of authorities that registries are trusted by. */
  readonly registryCa?: string | undefined;
  readonly version: string;
  readonly nodeName: string;
  /** At which others reach this host, best first. @default the addresses of this machine */
  readonly addresses?: readonly string[] | undefined;
  /** How long calls in flight may go on when the host is ended. @default `spec.drain.graceSeconds` of its object */
  readonly endGraceMs?: number | undefined;
  /** Bundle of the threads that run components. */
  readonly workerScript: string;
  /** Ends the host: calls in flight end first, then it signs off. */
  readonly signal: AbortSignal;
  /** Called before the start with what tells of its health. */
  readonly onHealth?: (health: HostHealth) => void;
}

/** What a health endpoint asks. */
export interface HostHealth {
  /** Whether the host takes what is bound to it. */
  ready(): boolean;
}

/** The first version with JSPI, without which no component can wait for its host. */
const MIN_NODE = 24;

/**
 * Runs a host until the signal aborts; resolves when it has ended.
 * @throws KasmError under an older Node; TerminalError `LeaseHeld` when another process goes by this host's name
 */
export async function runHost(options: RunHostOptions): Promise<void> {
  requireNode(process.versions.node);
  keepTickShape();
  const identity = await hostIdentity(path.join(options.dataDir, 'host.seed'));
  const images = new ImageStore({
    dir: path.join(options.dataDir, 'images'),
    allowFileLoad: options.allowFileLoad,
    insecureRegistries: options.insecureRegistries,
    ca: options.registryCa === undefined ? undefined : await readCa(options.registryCa),
  });
  const actors = new ActorHost({ workerScript: options.workerScript, log });
  const lost = new AbortController();
  const nats = new NatsLink(options.nats, () => agent.changed());
  const processes = new ProviderProcesses({
    dir: path.join(options.dataDir, 'providers'),
    hostId: identity.publicKey,
    nats: options.nats,
    connection: () => nats.connection,
    log,
  });
  const agent = new HostAgent({
    client: new KubeClient(options.connection),
    identity: {
      name: options.name,
      hostId: identity.publicKey,
      lattices: options.lattices,
      labels: options.labels,
      version: options.version,
      nodeName: options.nodeName,
      addresses: options.addresses ?? machineAddresses(),
    },
    hashKey: identity.seed,
    images,
    processes,
    blobDir: path.join(options.dataDir, 'blobs'),
    startActor: (spec, followLink) => actors.start(spec, followLink),
    builtins: builtinProviders,
    nats: () => nats.state,
    lattice: () => nats.lattice,
    endGraceMs: options.endGraceMs,
    onLost: (error) => lost.abort(error),
  });
  const ended = AbortSignal.any([options.signal, lost.signal]);
  options.onHealth?.(agent);
  nats.start();
  try {
    await untilAborted(agent.start(), ended);
    await untilAborted(new Promise(() => undefined), ended);
  } finally {
    await agent.stop();
    processes.close();
    await nats.stop();
    actors.stop();
    images.close();
  }
  lost.signal.throwIfAborted();
}

/** @throws KasmError when this Node cannot run components */
export function requireNode(version: string): void {
  if (Number.parseInt(version, 10) >= MIN_NODE) return;
  throw new KasmError(
    `The host runs on Node ${MIN_NODE} or newer; this is Node ${version}`,
    'Run it with a newer node, or let kasmcloud up bring one',
  );
}

/** Waits for `work` or the end, whichever comes first; work that goes on is left to whoever ends it. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    work.then(resolve, reject);
  });
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KasmError(`--oci-ca ${file} cannot be read`, 'Name a file with PEM certificates', {
      cause: error,
    });
  }
}

/** Addresses that other machines may know this one by, IPv4 first; the loopback address where there is no other. */
function machineAddresses(): string[] {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address);
  return outside.length > 0 ? outside.slice(0, 16) : ['127.0.0.1'];
}
