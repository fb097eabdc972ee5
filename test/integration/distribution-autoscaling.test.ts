import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  API_VERSION,
  type KubeObject,
  type ResourceType,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
} from '../../lib/api';
import { type Connection, KubeClient } from '../../lib/kube';
import { runCommand } from '../../lib/local/run-command';
import { tool } from '../../lib/local/tool';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, ensureNamespace, eventually, testConnection } from './cluster';
import { HollowHosts } from './hollow-hosts';

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
  autoscaling.kill();
  await once(autoscaling, 'exit');
  await hosts.clear();
  stop.abort();
  await running;
  await hosts.stop();
  connection.close();
});

/** Kubernetes' own autoscaler, which the local control plane does not run. */
async function startAutoscaling(): Promise<ChildProcess> {
  return spawn(
    await tool('kube-controller-manager'),
    [
      `--kubeconfig=${process.env['KASMCLOUD_TEST_KUBECONFIG']}`,
      '--controllers=horizontal-pod-autoscaler-controller',
      '--horizontal-pod-autoscaler-sync-period=1s',
      '--leader-elect=false',
      '--secure-port=0',
    ],
    { stdio: 'ignore' },
  );
}

/** `kubectl scale` */
async function scale(replicas: number): Promise<void> {
  const kubeconfig = `--kubeconfig=${process.env['KASMCLOUD_TEST_KUBECONFIG']}`;
  await runCommand(await tool('kubectl'), [
    kubeconfig,
    `--namespace=${namespace}`,
    'scale',
    'wcd/echo',
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
