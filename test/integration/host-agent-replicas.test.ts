import {
  API_VERSION,
  conditionOf,
  type OwnerReference,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudActorSpec,
  WasmCloudDistributionResource,
  WasmCloudLinkResource,
} from '../../lib/api';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';

const lab = bench();
let namespace: string;
let host: TestHost;

beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host();
});

/** A distribution that nobody reconciles; what it owns is kept while it exists. */
async function distributionOf(name: string): Promise<OwnerReference> {
  const { metadata } = await lab.client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { name, namespace },
    spec: { template: { actor: { image: 'registry.example/echo:1.0' } } },
  });
  return { apiVersion: API_VERSION, kind: 'WasmCloudDistribution', name, uid: metadata.uid ?? '' };
}

/** Makes an actor as a distribution does. */
function create(
  name: string,
  spec: Pick<WasmCloudActorSpec, 'image'> & Partial<WasmCloudActorSpec>,
  owner: OwnerReference,
): Promise<WasmCloudActor> {
  return lab.client.create(WasmCloudActorResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudActor',
    metadata: { name, namespace, ownerReferences: [{ ...owner, controller: true }] },
    spec: { componentId: 'echo', host: host.identity.name, ...spec },
  });
}

const until = (name: string, condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudActor> =>
  untilCondition(lab.client, WasmCloudActorResource, { name, namespace }, condition);
const patch = (name: string, spec: object): Promise<WasmCloudActor> =>
  lab.client.patch(WasmCloudActorResource, { name, namespace }, { spec });

/** Calls `echo` from another component of the host so many times, and counts who answers. */
async function answers(count: number): Promise<Record<string, number>> {
  const [caller] = host.running('caller');
  for (const actor of host.running('echo')) {
    actor.serves = [{ id: 'acme:echo/echo', functions: { echo: { params: [] } } }];
    actor.answer = async () => actor.config['name'];
  }
  const tally: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const answer = await caller?.followLink({
      linkName: 'default',
      interface: 'acme:echo/echo',
      function: 'echo',
      signature: { params: [] },
      args: [],
      deadlineMs: 5_000,
    });
    tally[String(answer)] = (tally[String(answer)] ?? 0) + 1;
  }
  return tally;
}

async function startCaller(): Promise<void> {
  await lab.client.create(WasmCloudActorResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudActor',
    metadata: { name: 'caller', namespace },
    spec: { image: await lab.component('caller'), host: host.identity.name },
  });
  await lab.client.create(WasmCloudLinkResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudLink',
    metadata: { name: 'caller-to-echo', namespace },
    spec: {
      source: 'caller',
      target: 'echo',
      wit: { namespace: 'acme', package: 'echo', interfaces: ['echo'] },
    },
  });
  await until('caller', { status: 'True' });
}

const named = (name: string): Partial<WasmCloudActorSpec> => ({ config: { values: { name } } });

it('runs two revisions of one distribution beside each other, with calls in proportion to their instances', async () => {
  const distribution = await distributionOf('echo');
  await startCaller();
  const [v1, v2] = [await lab.component('v1'), await lab.component('v2')];
  await create('echo-v1', { image: v1, instances: 3, ...named('v1') }, distribution);
  await until('echo-v1', { status: 'True' });
  await create('echo-v2', { image: v2, instances: 1, ...named('v2') }, distribution);
  await until('echo-v2', { status: 'True' });
  await eventually(async () => expect(await answers(40)).toEqual({ v1: 30, v2: 10 }));
  await patch('echo-v1', { instances: 1 });
  await eventually(async () => expect(await answers(40)).toEqual({ v1: 20, v2: 20 }));
  await lab.client.delete(WasmCloudActorResource, { name: 'echo-v1', namespace });
  await eventually(async () => expect(await answers(10)).toEqual({ v2: 10 }));

  // What another distribution, or nobody, made is no replica.
  await create('stranger', { image: v1 }, await distributionOf('other'));
  expect(conditionOf(await until('stranger', { reason: 'ComponentIdTaken' }), 'Ready')?.message).toContain(
    `WasmCloudActor ${namespace}/echo-v2`,
  );
});

it('keeps an actor ready and without calls until it is to serve', async () => {
  const distribution = await distributionOf('echo');
  await startCaller();
  await create('blue', { image: await lab.component('blue'), ...named('blue') }, distribution);
  await until('blue', { status: 'True', reason: 'Running' });
  const green = { image: await lab.component('green'), serving: false, ...named('green') };
  await create('green', green, distribution);
  expect((await until('green', { status: 'True', reason: 'Standby' })).status?.readyInstances).toBe(1);
  expect(await answers(10)).toEqual({ blue: 10 });
  await patch('green', { serving: true });
  await until('green', { status: 'True', reason: 'Running' });
  expect(await answers(10)).toEqual({ blue: 5, green: 5 });
  await patch('blue', { serving: false });
  await until('blue', { status: 'True', reason: 'Standby' });
  expect(await answers(10)).toEqual({ green: 10 });
  expect(host.started).toHaveLength(3);
});
