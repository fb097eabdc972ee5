import {
  API_VERSION,
  type Lease,
  LeaseResource,
  SYSTEM_NAMESPACE,
  type WasmCloudActor,
  WasmCloudActorResource,
  WasmCloudHostResource,
  fieldManagers,
  hostLeaseName,
  labelValue,
  labels,
} from '../../../lib/api';
import {
  ConnectionError,
  type KubeClient,
  Reflector,
  applyStatus,
  isApiError,
  keyOf,
} from '../../../lib/kube';
import { inParallel, pause } from './parallel';

/** Long enough that 1,000 hosts renew at 50 writes a second; a host by itself renews much more often. */
const leaseSeconds = 40;
const renewMs = (leaseSeconds * 1000) / 2;
const retryMs = 1_000;
/** Requests of all hosts together under way at a time. */
const parallel = 32;

export interface FleetOptions {
  readonly namespace: string;
  readonly hosts: number;
  readonly zones: number;
}

interface Heartbeat {
  lease: Lease;
  renewedAt: number;
  timer?: NodeJS.Timeout;
}

/** Hosts as the API server knows them, with nothing behind them: each has a Lease and says of what is bound to it that it runs. */
export class Fleet {
  private readonly actors: Reflector<WasmCloudActor>;
  private readonly live = new Map<string, Heartbeat>();
  /** Keys of what is yet to be told of, each once. */
  private readonly untold = new Set<string>();
  private telling = 0;
  private failure: unknown;

  constructor(
    private readonly client: KubeClient,
    private readonly options: FleetOptions,
  ) {
    this.actors = new Reflector(client, WasmCloudActorResource, { namespace: options.namespace });
    this.actors.subscribe(({ type, object }) => type !== 'DELETED' && this.tell(keyOf(object)));
  }

  /** Registers all hosts. */
  async start(): Promise<void> {
    this.actors.start();
    const all = Array.from({ length: this.options.hosts }, (_, index) => index);
    await inParallel(parallel, all, async (index) => {
      const name = `host-${index}`;
      const heartbeat: Heartbeat = {
        lease: await this.register(name, `${index % this.options.zones}`),
        renewedAt: Date.now(),
      };
      this.live.set(name, heartbeat);
      this.beat(name, heartbeat, (renewMs * index) / all.length);
    });
  }

  /** Ends hosts without a word, as many in each zone; returns when the last of their Leases runs out, as Unix time in ms. */
  lose(count: number): number {
    const lost = Array.from(this.live.entries()).slice(0, count);
    for (const [name, { timer }] of lost) {
      clearTimeout(timer);
      this.live.delete(name);
    }
    return Math.max(...lost.map(([, { renewedAt }]) => renewedAt)) + leaseSeconds * 1000;
  }

  /** Instances bound to hosts that live. */
  bound(): number {
    return this.count(() => true);
  }

  /** Those of an image that their hosts say to run. */
  ready(image: string): number {
    return this.count(
      ({ spec, status }) =>
        spec.image === image &&
        status?.hostName === spec.host &&
        (status?.readyInstances ?? 0) >= (spec.instances ?? 1),
    );
  }

  async stop(): Promise<void> {
    for (const { timer } of this.live.values()) clearTimeout(timer);
    this.live.clear();
    await this.actors.stop();
  }

  private count(counts: (actor: WasmCloudActor) => boolean): number {
    if (this.failure !== undefined) throw this.failure as Error;
    let instances = 0;
    for (const actor of this.actors.list()) {
      const lives = actor.metadata.deletionTimestamp === undefined && this.live.has(actor.spec.host ?? '');
      if (lives && counts(actor)) instances += actor.spec.instances ?? 1;
    }
    return instances;
  }

  private async register(name: string, zone: string): Promise<Lease> {
    const { client } = this;
    const lease = await client.create(LeaseResource, leaseOf(name));
    const host = await client.create(WasmCloudHostResource, {
      apiVersion: API_VERSION,
      kind: 'WasmCloudHost',
      metadata: { name },
      spec: { lattices: ['*'] },
    });
    const status = { labels: { zone }, conditions: [ready('Serving')] };
    await applyStatus(client, WasmCloudHostResource, host, status, { fieldManager: fieldManagers.host });
    return lease;
  }

  private beat(name: string, heartbeat: Heartbeat, delayMs: number): void {
    heartbeat.timer = setTimeout(() => this.guard(this.renew(name, heartbeat)), delayMs);
  }

  private async renew(name: string, heartbeat: Heartbeat): Promise<void> {
    const { metadata } = heartbeat.lease;
    const lease = await this.client
      .replace(LeaseResource, { ...leaseOf(name), metadata })
      .catch(ifUnreachable);
    if (lease !== undefined) Object.assign(heartbeat, { lease, renewedAt: Date.now() });
    // Whoever was lost meanwhile renews no more.
    if (this.live.has(name)) this.beat(name, heartbeat, lease === undefined ? retryMs : renewMs);
  }

  /** Keeps the first failure for whoever looks next. */
  private guard(work: Promise<void>): void {
    work.catch((error: unknown) => (this.failure ??= error));
  }

  private tell(key: string): void {
    this.untold.add(key);
    if (this.telling < parallel) this.guard(this.tellAll());
  }

  private async tellAll(): Promise<void> {
    this.telling++;
    for (const key of this.untold) {
      this.untold.delete(key);
      await this.report(this.actors.get(key)).catch(async (error: unknown) => {
        ifUnreachable(error);
        await pause(retryMs / 1000);
        this.untold.add(key);
      });
    }
    this.telling--;
  }

  private async report(actor: WasmCloudActor | undefined): Promise<void> {
    const { host, instances = 1 } = actor?.spec ?? {};
    if (actor === undefined || host === undefined || !this.live.has(host)) return;
    if (actor.status?.hostName === host && actor.status.readyInstances === instances) return;
    const status = {
      hostName: host,
      instances,
      readyInstances: instances,
      conditions: [ready('Running')],
    };
    const options = { fieldManager: fieldManagers.host, force: true };
    await applyStatus(this.client, WasmCloudActorResource, actor, status, options).catch((error: unknown) => {
      // Deleted meanwhile.
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
    });
  }
}

/** A busy machine may keep a host waiting; whatever else goes wrong is a fault of the simulation. */
function ifUnreachable(error: unknown): void {
  if (!(error instanceof ConnectionError)) throw error;
}

function leaseOf(host: string): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: hostLeaseName(host),
      namespace: SYSTEM_NAMESPACE,
      labels: { [labels.host]: labelValue(host) },
    },
    spec: {
      holderIdentity: host,
      leaseDurationSeconds: leaseSeconds,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  };
}

function ready(reason: string): object {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  return { type: 'Ready', status: 'True', reason, message: '', lastTransitionTime };
}
