import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventResource, WasmCloudActorResource } from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { choosePort } from '../../lib/local/ports';
import { ensureNamespace } from '../integration/cluster';
import { eventually } from '../integration/eventually';
import { SimulatedHost, actor } from '../integration/lattice-objects';
import { TraceCollector } from './trace-collector';

// Two reconcilers, processes of the built command, on one API server.

const command = path.resolve(__dirname, '../../dist/kasmcloud.cjs');
const namespace = 'availability';
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-ha-'));
let cluster: ControlPlane;
let client: KubeClient;
let host: SimulatedHost;
let collector: TraceCollector;

/** A reconciler in a process of its own. */
class Replica {
  private constructor(
    readonly process: ChildProcess,
    private readonly admin: string,
  ) {}

  static async start(): Promise<Replica> {
    const admin = `127.0.0.1:${await choosePort('port of the admin server', {})}`;
    const args = [
      'run',
      'reconciler',
      '--kubeconfig',
      cluster.kubeconfig('reconciler'),
      '--admin-address',
      admin,
    ];
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=here',
    };
    const replica = new Replica(spawn(process.execPath, [command, ...args], { stdio: 'ignore', env }), admin);
    await eventually('a reconciler is ready', () => replica.answers('/readyz', /"ok"/));
    return replica;
  }

  leads(): Promise<boolean> {
    return this.answers('/metrics', /^kasmcloud_leader\{lease="leader-reconciler"\} 1$/m);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    await exited;
  }

  private answers(url: string, expected: RegExp): Promise<boolean> {
    return fetch(`http://${this.admin}${url}`).then(
      async (response) => expected.test(await response.text()),
      () => false,
    );
  }
}

const replicas: Replica[] = [];

async function leader(): Promise<Replica> {
  const found = await eventually(
    'one of them leads',
    async () => {
      const leading = await Promise.all(replicas.map((replica) => replica.leads()));
      return replicas[leading.indexOf(true)];
    },
    // A Lease that nobody gave back runs out after 15 seconds.
    40_000,
  );
  return found;
}

/** Creates actors and waits until each is bound. */
async function bindAll(prefix: string, count: number): Promise<void> {
  const objects = Array.from({ length: count }, (_, i) => actor(namespace, `${prefix}-${i}`));
  await Promise.all(objects.map((object) => client.create(WasmCloudActorResource, object)));
  await eventually(
    `all ${prefix} actors are bound`,
    async () => {
      const { items } = await client.list(WasmCloudActorResource, { namespace });
      return (
        items.filter(({ metadata, spec }) => metadata.name.startsWith(prefix) && spec.host).length === count
      );
    },
    40_000,
  );
}

beforeAll(async () => {
  collector = await TraceCollector.start();
  cluster = await startControlPlane({ dir });
  client = new KubeClient(await loadConnection({ kubeconfig: cluster.kubeconfig('admin') }));
  await bootstrap(client);
  await ensureNamespace(client, namespace);
  host = new SimulatedHost(client, 'availability-host');
  await host.start();
  replicas.push(await Replica.start(), await Replica.start());
});

afterAll(async () => {
  for (const replica of replicas) await replica.end('SIGTERM');
  await host?.delete();
  client?.connection.close();
  await cluster?.stop();
  collector?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'of two reconcilers one works; after %s the other goes on',
  async (signal) => {
    const first = await leader();
    expect((await Promise.all(replicas.map((replica) => replica.leads()))).filter(Boolean)).toHaveLength(1);
    await bindAll(`before-${signal.toLowerCase()}`, 20);

    await first.end(signal);
    replicas.splice(replicas.indexOf(first), 1);
    await bindAll(`after-${signal.toLowerCase()}`, 20);
    expect(await leader()).not.toBe(first);
    replicas.push(await Replica.start());
  },
);

test('nothing was done twice', async () => {
  const { items } = await client.list(EventResource, { namespace });
  const bound = items.filter(({ reason }) => reason === 'Bound');
  // One that ended by SIGKILL may have had no time to tell of its last ones.
  const objects = new Set(bound.map(({ regarding }) => regarding?.name));
  expect(bound).toHaveLength(objects.size);
  expect(objects.size).toBeGreaterThanOrEqual(60);
});

test('a collector is told of each pass, and of what it asked the API server', () => {
  // The reconciler that ended by SIGTERM has sent everything.
  const { spans } = collector;
  const patch = spans.find(
    ({ name, parentSpanId }) =>
      name === 'PATCH' &&
      spans.some((span) => span.spanId === parentSpanId && span.name.startsWith('reconcile ')),
  );
  expect(patch?.resource).toMatchObject({
    'service.name': 'kasmcloud-reconciler',
    'k8s.pod.name': 'here',
  });
  expect(patch?.resource['service.version']).toMatch(/^\d+\.\d+\.\d+/);
  // Watches belong to no pass.
  expect(spans.filter(({ name, parentSpanId }) => !name.startsWith('reconcile ') && !parentSpanId)).toEqual(
    [],
  );
});
