import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  API_VERSION,
  NamespaceResource,
  SecretResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { LatticeConnection } from '../../lib/lattice/connection';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { type Provider, connect, wit } from '../../lib/provider';
import { eventually, TestHost, untilCondition } from '../integration/host-agent-harness';
import { endProcess, spawnNats } from './plain-nats';

const namespace = 'rust';
const greeter = wit.iface('test:interop/greeter@0.1.0', {
  greet: wit.func([['name', wit.string]], wit.string),
});

let dir: string;
let program: string;
let controlPlane: ControlPlane;
let nats: Awaited<ReturnType<typeof spawnNats>>;
let connection: LatticeConnection;
let client: KubeClient;
let host: TestHost;
let caller: Provider;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-rust-'));
  const build = path.join(__dirname, 'rust-provider', 'build.mjs');
  program = (await promisify(execFile)(process.execPath, [build])).stdout.trim();
  [controlPlane, nats] = await Promise.all([startControlPlane({ dir }), spawnNats(dir)]);
  client = new KubeClient(await loadConnection({ kubeconfig: controlPlane.kubeconfig('admin') }));
  await bootstrap(client);
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  const options = { servers: nats.url };
  connection = await LatticeConnection.connect(options);
  host = await TestHost.start(client, dir, {}, [], { connection, options });
  caller = await connect({ nats: connection.nats, lattice: namespace, id: 'app' });
}, 3_600_000);
afterAll(async () => {
  await caller?.close();
  await host?.stop();
  await connection?.close();
  client?.connection.close();
  await Promise.all([controlPlane?.stop(), nats && endProcess(nats.server)]);
  rmSync(dir, { recursive: true, force: true });
});

it('runs a provider of the published Rust SDK unchanged: configuration, links, secrets, calls, crash and end', async () => {
  const key = { name: 'greeter', namespace };
  const greets = (expected: string): Promise<void> =>
    eventually(async () => {
      const answer = await caller.call('greeter', greeter, 'greet', ['Ada'], { deadlineMs: 2_000 });
      expect(answer).toBe(expected);
    });
  await client.create(WasmCloudProviderResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudProvider',
    metadata: key,
    spec: { image: `file://${program}`, host: host.identity.name, config: { values: { word: 'Hello' } } },
  });
  const running = await untilCondition(client, WasmCloudProviderResource, key, {
    status: 'True',
    reason: 'Running',
  });
  expect(running.status?.restarts).toBe(0);
  await greets('Hello, Ada!');

  await client.patch(WasmCloudProviderResource, key, { spec: { config: { values: { word: 'Hi' } } } });
  await greets('Hi, Ada!');

  await client.create(WasmCloudLinkResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudLink',
    metadata: { name: 'app-greeter', namespace },
    spec: {
      source: 'app',
      target: 'greeter',
      wit: { namespace: 'test', package: 'interop', interfaces: ['greeter'] },
      targetConfig: { values: { word: 'Welcome' } },
    },
  });
  await greets('Welcome, Ada!');
  await client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'word', namespace },
    data: { word: Buffer.from('Psst').toString('base64') },
  });
  // This SDK passes over a link that it has: it must lose it before it gets it again.
  await client.patch(
    WasmCloudLinkResource,
    { name: 'app-greeter', namespace },
    { spec: { targetConfig: { values: { word: 'Welcome' }, secretFrom: [{ name: 'word' }] } } },
  );
  await greets('Psst, Ada!');

  // Another program: the next process serves before the one before it is asked to end.
  const other = path.join(dir, 'other');
  await writeFile(other, Buffer.concat([await readFile(program), Buffer.from('other')]));
  const records = path.join(dir, `providers-${host.identity.name}`, 'running');
  const before = readdirSync(records);
  const failures: unknown[] = [];
  const calls = { answered: 0, isOver: false };
  const calling = (async () => {
    while (!calls.isOver) {
      const answer = caller.call('greeter', greeter, 'greet', ['Ada'], { deadlineMs: 2_000 });
      await answer.then(() => calls.answered++).catch((error: unknown) => failures.push(error));
    }
  })();
  try {
    await client.patch(WasmCloudProviderResource, key, { spec: { image: `file://${other}` } });
    await eventually(async () => {
      expect(readdirSync(records)).toHaveLength(1);
      expect(readdirSync(records)).not.toEqual(before);
      const { status } = await client.get(WasmCloudProviderResource, key);
      expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    });
  } finally {
    calls.isOver = true;
    await calling;
  }
  expect(calls.answered).toBeGreaterThan(0);
  // This SDK drops what it serves when it is asked to end: at most the one call that was under way then.
  expect(failures.length).toBeLessThanOrEqual(1);
  expect(failures).not.toContainEqual(expect.objectContaining({ reason: 'NoResponders' }));

  await client.delete(WasmCloudLinkResource, { name: 'app-greeter', namespace });
  await greets('Hi, Ada!');

  process.kill(Number.parseInt(readdirSync(records)[0] ?? '', 10), 'SIGKILL');
  await eventually(async () => {
    const { status } = await client.get(WasmCloudProviderResource, key);
    expect(status).toMatchObject({ restarts: 1, lastExit: { code: -9 } });
  });
  await greets('Hi, Ada!');

  await client.delete(WasmCloudProviderResource, key);
  // A call that reaches it as it ends has no answer: the next one finds nobody.
  const call = (): Promise<unknown> =>
    caller.call('greeter', greeter, 'greet', ['Ada'], { deadlineMs: 1_000 });
  await eventually(() => expect(call()).rejects.toMatchObject({ reason: 'NoResponders' }));
});
