import {
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudHost,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  fieldManagers,
  type ResourceType,
  setCondition,
} from '../../lib/api';
import { type KubeClient, Reflector, applyStatus, isApiError, keyOf } from '../../lib/kube';
import { SimulatedHost } from './lattice-objects';

type Child = WasmCloudActor | WasmCloudProvider;

/** Hosts with nothing behind them, which say of all that is bound to them in one namespace that it runs. */
export class HollowHosts {
  private readonly hosts = new Map<string, SimulatedHost>();
  private readonly reflectors: Reflector<Child>[];
  private readonly reporting = new Set<Promise<void>>();

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
  ) {
    this.reflectors = [
      this.follow(WasmCloudActorResource),
      this.follow(WasmCloudProviderResource) as unknown as Reflector<WasmCloudActor>,
    ] as Reflector<Child>[];
  }

  /** Starts a host. */
  async start(name: string, spec: Partial<WasmCloudHost['spec']> = {}): Promise<SimulatedHost> {
    const host = new SimulatedHost(this.client, name);
    this.hosts.set(name, host);
    await host.start({ lattices: [this.namespace], ...spec });
    this.again(name);
    return host;
  }

  /** Ends the heartbeat and all reports of a host, without a word. */
  async crash(name: string): Promise<void> {
    const host = this.hosts.get(name);
    this.hosts.delete(name);
    await host?.crash();
  }

  async delete(name: string): Promise<void> {
    await this.hosts.get(name)?.delete();
    this.hosts.delete(name);
  }

  /** Deletes all hosts. */
  async clear(): Promise<void> {
    await Promise.all(Array.from(this.hosts.keys(), (name) => this.delete(name)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.stop()));
    await Promise.all(this.reporting);
  }

  private follow<T extends Child>(type: ResourceType<T>): Reflector<T> {
    const reflector = new Reflector(this.client, type, { namespace: this.namespace });
    reflector.subscribe(({ type: change, object }) => {
      if (change !== 'DELETED') this.tell(type, object);
    });
    reflector.start();
    return reflector;
  }

  private again(host: string): void {
    for (const reflector of this.reflectors) {
      for (const object of reflector.list()) {
        if (object.spec.host === host) this.tell(reflector.type, object);
      }
    }
  }

  private tell<T extends Child>(type: ResourceType<T>, object: T): void {
    const report = this.report(type, object);
    this.reporting.add(report);
    // One that failed is kept, so that `stop` fails with it.
    report.then(
      () => this.reporting.delete(report),
      () => undefined,
    );
  }

  private async report<T extends Child>(type: ResourceType<T>, object: T): Promise<void> {
    const { host } = object.spec;
    if (host === undefined || !this.hosts.has(host)) return;
    const observation = { type: 'Ready', status: 'True' as const, reason: 'Running', message: '' };
    const conditions = setCondition(object.status?.conditions, observation).filter(
      (one) => one.type === 'Ready',
    );
    const instances = object.kind === 'WasmCloudActor' ? (object.spec.instances ?? 1) : undefined;
    const figures = instances === undefined ? {} : { instances, readyInstances: instances };
    const status = { hostName: host, ...figures, conditions };
    const options = { fieldManager: fieldManagers.host, force: true };
    await applyStatus(this.client, type, object, status, options).catch((error: unknown) => {
      if (!isApiError(error, 404) && !isApiError(error, 409))
        throw new Error(keyOf(object), { cause: error });
    });
  }
}
