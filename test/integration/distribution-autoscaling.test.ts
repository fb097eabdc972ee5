import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  API_VERSION,
  type KubeObject,
  type ResourceType,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  isReady,
} from '../../lib/api';
import { registry } from '../../lib/base/metrics';
import { ActorMetrics } from '../../lib/host/actor-metrics';
import { type Connection, KubeClient } from '../../lib/kube';
import { runCommand } from '../../lib/local/run-command';
import { tool } from '../../lib/local/tool';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, ensureNamespace, eventually, testConnection } from './cluster';
import { HollowHosts } from './hollow-hosts';
import { MetricsProxy } from './metrics-proxy';

interface Autoscaler extends KubeObject {
  spec: object;
  status?: {
    currentReplicas?: number;
    desiredReplicas?: number;
    conditions?: { type: string; status: string; reason: string }[];
  };
}

const AutoscalerResource: ResourceType<Autoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
};

const namespace = 'distribution-autoscaling';
const key = { namespace, name: 'echo' };
const stop = new AbortController();
let connection: Connection;
let client: KubeClient;
let hosts: HollowHosts;
let running: Promise<void>;
let autoscaling: ChildProcess;
let proxy: MetricsProxy;

beforeAll(async () => {
  connection = await testConnection();
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
  let health: ReconcilerHealth | undefined;
  const onHealth = (given: ReconcilerHealth): void => void (health = given);
  running = runReconciler({
    connection: asReconciler(connection),
    identity: namespace,
    signal: stop.signal,
    onHealth,
  });
  await eventually('the reconciler is ready', () => health?.ready());
  hosts = new HollowHosts(client, namespace);
  autoscaling = await startAutoscaling();
});

afterAll(async () => {
  if (autoscaling.kill()) await once(autoscaling, 'exit');
  proxy.stop();
  await hosts.clear();
  stop.abort();
  await running;
  await hosts.stop();
  connection.close();
});

/** Kubernetes' own autoscaler, which the local control plane does not run. */
async function startAutoscaling(): Promise<ChildProcess> {
  proxy = new MetricsProxy(connection, async ({ namespace, name }) => {
    const of = { namespace, distribution: name };
    return (await sumOf('actor_calls_in_flight', of)) + (await sumOf('actor_calls_waiting', of));
  });
  return spawn(
    await tool('kube-controller-manager'),
    [
      `--master=${await proxy.start()}`,
      '--controllers=horizontal-pod-autoscaler-controller',
      '--horizontal-pod-autoscaler-sync-period=1s',
      '--leader-elect=false',
      '--secure-port=0',
    ],
    { stdio: 'ignore' },
  );
}

/** What `sum(kasmcloud_NAME{LABELS})` is of all that hosts serve at /metrics. */
async function sumOf(name: string, of: Readonly<Record<string, string>>): Promise<number> {
  const { values } = (await registry.getSingleMetric(`kasmcloud_${name}`)?.get()) ?? { values: [] };
  const matching = values.filter(({ labels }) =>
    Object.entries(of).every(([key, value]) => labels[key] === value),
  );
  return matching.reduce((sum, { value }) => sum + value, 0);
}

/** `kubectl scale` */
async function scale(replicas: number, name = 'echo'): Promise<void> {
  const kubeconfig = `--kubeconfig=${process.env['KASMCLOUD_TEST_KUBECONFIG']}`;
  await runCommand(await tool('kubectl'), [
    kubeconfig,
    `--namespace=${namespace}`,
    'scale',
    `wcd/${name}`,
    `--replicas=${replicas}`,
  ]);
}

test('a HorizontalPodAutoscaler scales a distribution, and who applies the rest again does not undo it', async () => {
  await hosts.start('autoscaling-a');
  const manifest = {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: key,
    spec: { template: { actor: { image: 'registry.example/echo:1.0' } } },
  } satisfies WasmCloudDistribution;
  const apply = () => client.apply(WasmCloudDistributionResource, manifest, { fieldManager: 'person' });
  await apply();
  await client.create(AutoscalerResource, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: key,
    spec: {
      scaleTargetRef: { apiVersion: API_VERSION, kind: 'WasmCloudDistribution', name: 'echo' },
      minReplicas: 3,
      maxReplicas: 5,
      metrics: [
        {
          type: 'External',
          external: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '100' } },
        },
      ],
    },
  });
  const available = (count: number) =>
    eventually(`${count} are available`, async () => {
      const { spec, status } = await client.get(WasmCloudDistributionResource, key);
      return spec.instances === count && status?.instances === count && status.availableInstances === count;
    });
  await available(3);
  await scale(9);
  await available(5);
  await apply();
  await eventually('the autoscaler sees what there is', async () => {
    const { status } = await client.get(AutoscalerResource, key);
    const able = status?.conditions?.find(({ type }) => type === 'AbleToScale');
    return status?.currentReplicas === 5 && able?.status === 'True';
  });
  await available(5);
});

test('it goes by the calls in flight and waiting that hosts tell of, for each instance', async () => {
  const name = 'busy';
  const loads = ['autoscaling-a', 'autoscaling-b'].map((host) => {
    const load = { inFlight: 1, waiting: 0, instances: 1, workers: 1 };
    const labels = { namespace, actor: name, distribution: name, host };
    return { load, metrics: new ActorMetrics(labels, () => load) };
  });
  await client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { namespace, name },
    spec: { template: { actor: { image: 'registry.example/busy:1.0' } } },
  });
  const target = { apiVersion: API_VERSION, kind: 'WasmCloudDistribution', name };
  await client.create(AutoscalerResource, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace, name },
    spec: {
      scaleTargetRef: target,
      maxReplicas: 20,
      metrics: [
        {
          type: 'Object',
          object: {
            describedObject: target,
            metric: { name: 'kasmcloud_calls' },
            target: { type: 'AverageValue', averageValue: '700m' },
          },
        },
      ],
    },
  });
  const instances = (count: number) =>
    eventually(`there are ${count}`, async () => {
      const { spec, status } = await client.get(WasmCloudDistributionResource, { namespace, name });
      return spec.instances === count && status?.availableInstances === count;
    });
  // Two calls, seven for ten instances.
  await instances(3);
  Object.assign(loads[1]!.load, { inFlight: 4, waiting: 2 });
  await instances(10);
  for (const { metrics } of loads) metrics.forget();
});

test('what is scaled to nothing is nowhere, satisfied, and comes back', async () => {
  const metadata = { namespace, name: 'off' };
  await client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata,
    spec: { template: { actor: { image: 'registry.example/off:1.0' } } },
  });
  for (const count of [1, 0, 2]) {
    await scale(count, 'off');
    await eventually(`there are ${count}`, async () => {
      const off = await client.get(WasmCloudDistributionResource, metadata);
      return isReady(off) && off.status?.instances === count && off.spec.instances === count;
    });
  }
});
