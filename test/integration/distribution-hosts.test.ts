import {
  API_VERSION,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  conditionOf,
} from '../../lib/api';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, eventually } from './cluster';
import { type TestHost, bench } from './host-agent-harness';

const given = bench();
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  let health: ReconcilerHealth | undefined;
  running = runReconciler({
    connection: asReconciler(given.client.connection),
    identity: 'distribution-hosts-test',
    signal: stop.signal,
    onHealth: (found) => (health = found),
  });
  await eventually('the reconciler is ready', () => health?.ready());
});

afterAll(async () => {
  stop.abort();
  await running;
});

/** Instances that run on a host. */
function instancesOn(one: TestHost): number {
  return one.running('echo').reduce((sum, { instances }) => sum + instances, 0);
}

test('what real hosts run follows drain, return and end of a host, with never an instance too few', async () => {
  const lattice = await given.namespace();
  const image = await given.component('distributed');
  const [a, b, c] = [await given.host(), await given.host(), await given.host()];
  const all = [a, b, c];
  await given.client.create<WasmCloudDistribution>(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { namespace: lattice, name: 'echo' },
    spec: { instances: 6, template: { actor: { image } } },
  });
  const lies = (expected: number[]) =>
    eventually(`the hosts have ${expected.join(', ')}`, () =>
      all.every((one, i) => instancesOn(one) === expected[i]),
    );
  const ready = () =>
    eventually('all are available', async () => {
      const object = await given.client.get(WasmCloudDistributionResource, {
        namespace: lattice,
        name: 'echo',
      });
      const complete = object.status?.availableInstances === 6 && object.status.instances === 6;
      return complete && conditionOf(object, 'Ready')?.status === 'True';
    });
  await lies([2, 2, 2]);
  await ready();

  let least = Infinity;
  const watching = setInterval(() => {
    least = Math.min(
      least,
      all.reduce((sum, one) => sum + instancesOn(one), 0),
    );
  }, 2);
  try {
    const drain = (requested: boolean) =>
      given.client.patch(
        WasmCloudHostResource,
        { name: c.identity.name },
        { spec: { drain: { requested } } },
      );
    await drain(true);
    await lies([3, 3, 0]);
    await ready();
    await drain(false);
    await lies([2, 2, 2]);
    await ready();
    expect(least).toBe(6);
  } finally {
    clearInterval(watching);
  }

  await b.stop();
  await eventually('the others have all', () => instancesOn(a) === 3 && instancesOn(c) === 3);
  await ready();
});
