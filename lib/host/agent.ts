import {
  EVERY_LATTICE,
  hostLeaseName,
  labels,
  labelValue,
  SYSTEM_NAMESPACE,
  WasmCloudActorResource,
  WasmCloudHostResource,
  WasmCloudLatticeResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../api';
import { linkGroup } from '../api/link-conflicts';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { ensureNamespace, EventRecorder, type KubeClient, LeaseKeeper } from '../kube';
import type { LatticeConnection } from '../lattice';
import { Holdings } from './agent-drain';
import { type HostIdentity, type NatsState, Registration } from './agent-registration';
import { LatticeExports } from './calls/lattice-exports';
import { LocalServices } from './calls/local-services';
import { CallRouter } from './calls/router';
import { type Callee, UnservedCalls } from './calls/unserved-calls';
import { ActorController } from './controllers/actors';
import type { StartBuiltin } from './controllers/builtin-provider';
import {
  BY_COMPONENT,
  BY_GROUP,
  BY_SOURCE,
  BY_TARGET,
  componentIdOf,
  componentKey,
  componentKeyOf,
  graceMs,
  type HostContext,
  latticeOf,
} from './controllers/context';
import { linksFrom } from './controllers/links';
import { LocalActors, type StartActor } from './controllers/local-actors';
import { Mirror } from './controllers/mirror';
import { ProviderController } from './controllers/providers';
import { References } from './controllers/references';
import { RemoteHandlers } from './http/remote-handlers';
import type { ImageStore } from './images/store';
import type { ProviderProcesses } from './processes/processes';

export interface HostAgentOptions {
  readonly client: KubeClient;
  readonly identity: HostIdentity;
  /** Secret of this host, for hashes that nobody else can compute. */
  readonly hashKey: string;
  readonly images: ImageStore;
  readonly processes: ProviderProcesses;
  /** Directory under which built-in blobstores keep files. */
  readonly blobDir: string;
  readonly startActor: StartActor;
  /** Providers that are part of the host, by the name in `builtin://NAME`. */
  readonly builtins: Readonly<Record<string, StartBuiltin>>;
  /** The connection to NATS; see {@link HostAgent.changed}. */
  readonly nats: () => NatsState;
  /** The same, to make and take calls; undefined until it has been there once. {@link HostAgent.changed} tells when it has. */
  readonly lattice: () => LatticeConnection | undefined;
  /** How long the end of the host may take. @default `spec.drain.graceSeconds` of its object */
  readonly endGraceMs?: number | undefined;
  /** Called once when the host may not go on: another process has taken its name. */
  readonly onLost: (error: Error) => void;
}

/** How much of the time of grace may pass until everything has gone elsewhere; the rest is for calls to what could not. */
const DRAIN_SHARE = 0.75;
/** Time to write the last status. */
const FAREWELL_MS = 3_000;

/**
 * The host as the API server knows it: registers itself, keeps its Lease, and runs what is bound to it. While the API server is away
 * everything runs on.
 */
export class HostAgent {
  private readonly context: HostContext;
  private readonly holdings: Holdings;
  private readonly registration: Registration;
  private readonly lease: LeaseKeeper;
  private readonly exports: LatticeExports;
  private readonly unserved: UnservedCalls;
  private readonly actors: ActorController;
  private readonly providers: ProviderController;
  private readonly stopping = new AbortController();
  private serving = false;
  private endsAt: number | undefined;
  /** Whether the host's name is ours: nobody else's status is written. */
  private named = false;

  constructor(private readonly options: HostAgentOptions) {
    const { client, identity, hashKey, images, processes, blobDir, nats } = options;
    const { name, lattices, addresses } = identity;
    const namespaces = lattices.includes(EVERY_LATTICE) ? undefined : lattices;
    const bound = { fieldSelector: `spec.host=${name}`, indexes: { [BY_COMPONENT]: single(componentKeyOf) } };
    const links = new Mirror(client, WasmCloudLinkResource, namespaces, {
      indexes: {
        [BY_SOURCE]: ({ metadata, spec }) => [componentKey(metadata.namespace, spec.source)],
        [BY_TARGET]: ({ metadata, spec }) => [componentKey(metadata.namespace, spec.target)],
        [BY_GROUP]: (link) => [linkGroup(link)],
      },
    });
    const localActors = new LocalActors();
    const services = new LocalServices();
    const lattice = (namespace: string): string =>
      latticeOf(this.context, namespace)?.spec.latticeId ?? namespace;
    const unserved = (this.unserved = new UnservedCalls({ host: name, linked: () => this.linked() }));
    const router = new CallRouter({
      links: (namespace, source) => linksFrom(links, namespace, source),
      lattice,
      actor: (namespace, id, serves) =>
        localActors.find(namespace, id, serves) ?? localActors.find(namespace, id),
      service: (namespace, id) => services.find(namespace, id),
      nats: options.lattice,
      unserved,
    });
    this.context = {
      client,
      events: new EventRecorder(client, { controller: 'kasmcloud.io/host', instance: name }),
      hostName: name,
      addresses,
      hashKey,
      images,
      processes,
      blobDir,
      host: new Mirror(client, WasmCloudHostResource, undefined, { fieldSelector: `metadata.name=${name}` }),
      actors: new Mirror(client, WasmCloudActorResource, namespaces, bound),
      providers: new Mirror(client, WasmCloudProviderResource, namespaces, bound),
      links,
      lattices: new Mirror(client, WasmCloudLatticeResource, namespaces),
      references: new References(client),
      localActors,
      services,
      nats: options.lattice,
      remoteHttp: new RemoteHandlers(options.lattice, unserved),
      calls: router,
      endsAt: () => this.endsAt,
    };
    this.exports = new LatticeExports({ actors: localActors, lattice, graceMs: () => graceMs(this.context) });
    this.holdings = new Holdings({ ...this.context, held: () => this.actors.held + this.providers.held });
    this.registration = new Registration(identity, {
      ...this.context,
      nats,
      rest: () => this.holdings.rest,
    });
    this.lease = new LeaseKeeper(client, {
      namespace: SYSTEM_NAMESPACE,
      name: hostLeaseName(name),
      identity: identity.hostId,
      labels: { [labels.host]: labelValue(name) },
      onLost: (error) => {
        this.named = false;
        options.onLost(error);
      },
    });
    this.actors = new ActorController(this.context, options.startActor);
    this.providers = new ProviderController(this.context, options.builtins);
  }

  /** Whether the host runs what is bound to it. */
  ready(): boolean {
    return this.serving;
  }

  /**
   * Resolves when the host is registered and takes what is bound to it, however long the API server is away.
   * @throws TerminalError `LeaseHeld` when another process goes by its name
   */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    await ensureNamespace(this.context.client, SYSTEM_NAMESPACE, signal);
    await this.lease.start();
    this.named = true;
    await this.options.processes.endLeftovers();
    for (const mirror of this.mirrors()) mirror.start();
    this.registration.start();
    this.actors.start();
    this.providers.start();
    for (const mirror of this.mirrors()) await mirror.synced(signal);
    this.serving = true;
    this.registration.ready();
    const { name, hostId, lattices } = this.options.identity;
    log.info({ host: name, hostId, lattices }, 'Host is ready');
  }

  /** Something that the host's status tells of has changed. */
  changed(): void {
    const connection = this.options.lattice();
    this.exports.attach(connection);
    this.context.services.attach(connection);
    this.registration.changed();
  }

  /**
   * Ends the host, within its time of grace: what can runs elsewhere first, so that no call is lost; then it takes nothing new, lets
   * calls in flight end, and signs off.
   */
  async stop(): Promise<void> {
    const graceful = this.serving && this.named;
    this.serving = false;
    const grace = this.options.endGraceMs ?? graceMs(this.context);
    this.endsAt = performance.now() + grace;
    if (graceful) {
      this.registration.leave();
      await this.holdings.gone(AbortSignal.timeout(grace * DRAIN_SHARE));
    }
    this.stopping.abort(new Error('The host stops'));
    await this.registration.stop();
    if (this.named) await this.signOff();
    // What waits for an actor would keep the host from its end.
    this.unserved.stop();
    // Providers first: they stop to accept, and what they have accepted still finds its actor, and actors the providers they call.
    const unserved = this.context.services.stop(graceMs(this.context));
    await this.providers.stop(this.named);
    await unserved;
    await this.actors.stop(this.named);
    await this.context.references.stop();
    for (const mirror of this.mirrors()) await mirror.stop();
    await this.lease.stop({ remove: true });
  }

  private async signOff(): Promise<void> {
    try {
      await this.registration.signOff(AbortSignal.timeout(FAREWELL_MS));
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'Could not report the shutdown');
    }
  }

  /** Whom links from what is bound to this host lead to. */
  private *linked(): Generator<Callee> {
    const { actors, providers, links } = this.context;
    for (const source of [...actors.list(), ...providers.list()]) {
      const { namespace = '' } = source.metadata;
      for (const { spec } of linksFrom(links, namespace, componentIdOf(source)))
        yield { namespace, component: spec.target };
    }
  }

  private mirrors(): Mirror<never>[] {
    const { host, actors, providers, links, lattices } = this.context;
    return [host, actors, providers, links, lattices] as unknown as Mirror<never>[];
  }
}

function single<T>(of: (object: T) => string): (object: T) => string[] {
  return (object) => [of(object)];
}
