import {
  API_VERSION,
  type Condition,
  type KubeObject,
  type ResourceType,
  SYSTEM_NAMESPACE,
  type WasmCloudActor,
  type WasmCloudHost,
  WasmCloudHostResource,
  type WasmCloudLink,
  type WasmCloudProvider,
  fieldManagers,
  hostLeaseName,
  labelValue,
  labels,
  setCondition,
} from '../../lib/api';
import { type KubeClient, LeaseKeeper, applyStatus } from '../../lib/kube';
import { eventually } from './cluster';

export function actor(
  namespace: string,
  name: string,
  spec: Partial<WasmCloudActor['spec']> = {},
): WasmCloudActor {
  return {
    apiVersion: API_VERSION,
    kind: 'WasmCloudActor',
    metadata: { namespace, name },
    spec: { image: 'registry.example/echo:1.0', ...spec },
  };
}

export function provider(
  namespace: string,
  name: string,
  spec: Partial<WasmCloudProvider['spec']> = {},
): WasmCloudProvider {
  return {
    apiVersion: API_VERSION,
    kind: 'WasmCloudProvider',
    metadata: { namespace, name },
    spec: { image: 'builtin://http-server', ...spec },
  };
}

export function link(
  namespace: string,
  name: string,
  source: string,
  target: string,
  spec: Partial<WasmCloudLink['spec']> = {},
): WasmCloudLink {
  const wit = { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] };
  return {
    apiVersion: API_VERSION,
    kind: 'WasmCloudLink',
    metadata: { namespace, name },
    spec: { source, target, wit, ...spec },
  };
}

type Conditioned = KubeObject & { status?: { conditions?: Condition[] | undefined } | undefined };

/** Waits until a condition of an object has this status and reason, and returns it. */
export async function conditionIs<T extends Conditioned>(
  client: KubeClient,
  type: ResourceType<T>,
  object: KubeObject,
  condition: string,
  expected: `${Condition['status']} ${string}`,
  timeoutMs?: number,
): Promise<Condition> {
  let last = 'absent';
  const read = async (): Promise<Condition | undefined> => {
    const now = await client.find(type, object.metadata);
    const found = now?.status?.conditions?.find((one) => one.type === condition);
    last = found === undefined ? 'absent' : `${found.status} ${found.reason}: ${found.message}`;
    return found !== undefined && `${found.status} ${found.reason}` === expected ? found : undefined;
  };
  try {
    return await eventually(condition, read, timeoutMs);
  } catch (error) {
    throw new Error(`${object.metadata.name}: ${condition} is ${last}, not ${expected}`, { cause: error });
  }
}

/** A host as the API server knows it: an object, a Lease and a status, with nothing behind them. */
export class SimulatedHost {
  private keeper: LeaseKeeper | undefined;

  constructor(
    private readonly client: KubeClient,
    readonly name: string,
    private readonly heartbeat = { durationMs: 3_000, renewMs: 500 },
  ) {}

  /** Registers, renews its Lease and reports that it is ready. */
  async start(spec: Partial<WasmCloudHost['spec']> = {}): Promise<void> {
    this.keeper = new LeaseKeeper(this.client, {
      namespace: SYSTEM_NAMESPACE,
      name: hostLeaseName(this.name),
      identity: this.name,
      labels: { [labels.host]: labelValue(this.name) },
      ...this.heartbeat,
    });
    await this.keeper.start();
    await this.client.apply(
      WasmCloudHostResource,
      {
        apiVersion: API_VERSION,
        kind: 'WasmCloudHost',
        metadata: { name: this.name },
        spec: { lattices: ['*'], ...spec },
      },
      { fieldManager: fieldManagers.host, force: true },
    );
    await this.report('True', 'Serving');
  }

  /** Stops to renew its Lease, without a word. */
  async crash(): Promise<void> {
    await this.keeper?.stop();
    this.keeper = undefined;
  }

  /** Signs off as a host that is asked to stop does. */
  async shutDown(): Promise<void> {
    await this.report('False', 'Shutdown');
    await this.keeper?.stop({ remove: true });
    this.keeper = undefined;
  }

  async delete(): Promise<void> {
    await this.client.delete(WasmCloudHostResource, { name: this.name });
    await this.keeper?.stop({ remove: true });
    this.keeper = undefined;
  }

  /** Reports an object that is bound to it as running. */
  async run<T extends Conditioned>(type: ResourceType<T>, object: T): Promise<void> {
    const status = { hostName: this.name, conditions: this.conditions(object, 'True', 'Running') };
    const now = await this.client.get(type, object.metadata);
    await applyStatus(this.client, type, now, status, { fieldManager: fieldManagers.host, force: true });
  }

  async report(status: Condition['status'], reason: string): Promise<void> {
    const host = await this.client.get(WasmCloudHostResource, { name: this.name });
    const conditions = this.conditions(host, status, reason);
    await applyStatus(
      this.client,
      WasmCloudHostResource,
      host,
      { conditions },
      {
        fieldManager: fieldManagers.host,
        force: true,
      },
    );
  }

  private conditions(object: Conditioned, status: Condition['status'], reason: string): Condition[] {
    const observation = { type: 'Ready', status, reason, message: '' };
    return setCondition(object.status?.conditions, observation).filter(({ type }) => type === 'Ready');
  }
}
