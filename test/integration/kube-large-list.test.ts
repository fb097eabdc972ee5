import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigMapResource } from '../../lib/api';
import { type Connection, KubeClient, Reflector, loadConnection } from '../../lib/kube';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { tool } from '../../lib/local/tool';
import { ensureNamespace } from './cluster';

const namespace = 'large';
const count = 200_000;

let dir: string;
let controlPlane: ControlPlane;
let connection: Connection;
let client: KubeClient;

async function start(): Promise<void> {
  controlPlane = await startControlPlane({ dir });
  connection = await loadConnection({ kubeconfig: controlPlane.kubeconfig('admin') });
  client = new KubeClient(connection);
}

async function stop(): Promise<void> {
  connection.close();
  await controlPlane.stop();
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-large-'));
  await start();
  await ensureNamespace(client, namespace);
  await stop();
  const script = path.join(__dirname, 'local', 'fill-datastore.mjs');
  const database = path.join(dir, 'control-plane', 'state.db');
  execFileSync(await tool('node'), [
    '--disable-warning=ExperimentalWarning',
    script,
    database,
    namespace,
    String(count),
  ]);
  await start();
}, 300_000);

afterAll(async () => {
  await stop();
  rmSync(dir, { recursive: true, force: true });
});

test('200,000 objects of a real API server are listed, each once', async () => {
  const { items } = await client.list(ConfigMapResource, { namespace });
  expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(count);
  expect(items).toHaveLength(count);
}, 300_000);

test('and mirrored, with what changes afterwards', async () => {
  const mirror = new Reflector(client, ConfigMapResource, { namespace });
  mirror.start();
  try {
    await mirror.synced();
    expect(mirror.list()).toHaveLength(count);
    const key = { namespace, name: 'filled-000007' };
    const seen = new Promise<void>((resolve) =>
      mirror.subscribe(({ type, object }) => {
        if (type === 'DELETED' && object.metadata.name === key.name) resolve();
      }),
    );
    await client.delete(ConfigMapResource, key);
    await seen;
    expect(mirror.get(`${namespace}/${key.name}`)).toBeUndefined();
    expect(mirror.list()).toHaveLength(count - 1);
  } finally {
    await mirror.stop();
  }
}, 300_000);
