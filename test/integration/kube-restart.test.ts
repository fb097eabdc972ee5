import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConfigMap, ConfigMapResource } from '../../lib/api';
import {
  type Connection,
  Controller,
  KubeClient,
  LeaseKeeper,
  Reflector,
  isApiError,
  loadConnection,
  watch,
} from '../../lib/kube';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { configMap, ensureNamespace, eventually } from './cluster';

const namespace = 'kube-restart';
let dir: string;
let controlPlane: ControlPlane;
let connection: Connection;
let client: KubeClient;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-restart-'));
  controlPlane = await startControlPlane({ dir });
  connection = await loadConnection({ kubeconfig: controlPlane.kubeconfig('admin') });
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
}, 120_000);
afterAll(async () => {
  connection.close();
  await controlPlane.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Kills a program of the control plane; its keeper starts it again. */
function kill(name: string): void {
  const program = controlPlane.programs.find((one) => one.spec.name === name);
  const pid = program?.status.process?.pid;
  if (pid === undefined) throw new Error(`No process of ${name}`);
  process.kill(pid, 'SIGKILL');
}

const write = (name: string): Promise<ConfigMap> =>
  eventually(`${name} is created`, () =>
    client.create(ConfigMapResource, configMap(namespace, name)).catch((error: unknown) => {
      if (isApiError(error, 'AlreadyExists')) return configMap(namespace, name);
      return undefined;
    }),
  );

test('a watch from a version that the server has forgotten is refused with 410', async () => {
  const events = watch(client, ConfigMapResource, { namespace, resourceVersion: '1' });
  await expect(events.next()).rejects.toMatchObject({ status: 410 });
});

test.each(['kube-apiserver', 'kine'])(
  '%s may be killed: everything goes on',
  async (victim) => {
    const reflector = new Reflector(client, ConfigMapResource, { namespace });
    const reconciled = new Set<string>();
    const controller = new Controller({
      name: 'restart',
      watches: [{ reflector }],
      reconcile: async (key) => {
        await client.get(ConfigMapResource, { namespace, name: key.slice(namespace.length + 1) });
        reconciled.add(key);
      },
    });
    const keeper = new LeaseKeeper(client, {
      namespace,
      name: `heartbeat-${victim}`,
      identity: 'me',
      renewMs: 100,
      durationMs: 5_000,
    });
    reflector.start();
    controller.start();
    await keeper.start();
    try {
      await write(`before-${victim}`);
      await eventually('the first is reconciled', () => reconciled.has(`${namespace}/before-${victim}`));
      for (let round = 0; round < 2; round++) {
        kill(victim);
        const name = `after-${victim}-${round}`;
        await write(name);
        await eventually('the next is reconciled', () => reconciled.has(`${namespace}/${name}`), 60_000);
      }
      const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/heartbeat-${victim}`;
      const lease = async (): Promise<string> => client.raw(path);
      const before = await lease();
      await eventually('the heartbeat goes on', async () => (await lease()) !== before);
    } finally {
      await keeper.stop();
      await controller.stop();
      await reflector.stop();
    }
  },
  180_000,
);
