import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import {
  conditionOf,
  ConfigMapResource,
  SecretResource,
  type WasmCloudActor,
  EventResource,
  WasmCloudActorResource,
  type WasmCloudActorSpec,
  WasmCloudHostResource,
} from '../../lib/api';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';

const lab = bench();
let namespace: string;
let host: TestHost;

beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host();
});

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function create(name: string, spec: Omit<WasmCloudActorSpec, 'host'>, on = host): Promise<WasmCloudActor> {
  return lab.client.create(WasmCloudActorResource, {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name, namespace },
    spec: { ...spec, host: on.identity.name },
  });
}

const patch = (name: string, spec: object): Promise<WasmCloudActor> =>
  lab.client.patch(WasmCloudActorResource, { name, namespace }, { spec });
const until = (name: string, condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudActor> =>
  untilCondition(lab.client, WasmCloudActorResource, { name, namespace }, condition);

it('runs an actor and reports it, and stops it when it is deleted', async () => {
  const image = await lab.component('plain');
  await create('plain', { image, instances: 3, limits: { memory: '64Mi', executionTimeMs: 500 } });
  const actor = await until('plain', { status: 'True', reason: 'Running' });
  expect(actor.status).toMatchObject({
    observedGeneration: 1,
    hostName: host.identity.name,
    resolvedImage: `${image}@${digestOf('\0asmplain')}`,
    imports: ['wasi:config/runtime@0.2.0-draft'],
    exports: ['wasi:http/incoming-handler@0.2.2'],
    instances: 3,
    readyInstances: 3,
    selector: 'kasmcloud.io/component=plain',
  });
  expect(conditionOf(actor, 'ImagePulled')).toMatchObject({ status: 'True' });
  expect(conditionOf(actor, 'ConfigResolved')).toMatchObject({ status: 'True' });
  expect(host.running('plain')[0]?.spec).toMatchObject({
    lattice: namespace,
    instances: 3,
    limits: { memoryBytes: 64 << 20, executionTimeMs: 500 },
  });
  await eventually(async () => {
    const { status } = await lab.client.get(WasmCloudHostResource, { name: host.identity.name });
    expect(status?.allocated).toEqual({ actors: 1, instances: 3, providers: 0 });
  });
  await lab.client.delete(WasmCloudActorResource, { name: 'plain', namespace });
  await eventually(() => expect(host.running('plain')).toEqual([]));
});

it('tells people in events how it goes', async () => {
  await create('told', { image: `file://${lab.dir}/told.wasm` });
  await until('told', { status: 'False', reason: 'ImageNotFound' });
  await lab.component('told');
  await until('told', { status: 'True', reason: 'Running' });
  await eventually(async () => {
    const { items } = await lab.client.list(EventResource, { namespace });
    const told = items.filter(({ regarding }) => regarding?.name === 'told');
    expect(told.map(({ type, reason }) => `${type} ${reason}`)).toEqual(
      expect.arrayContaining(['Warning ImageNotFound', 'Normal Running']),
    );
    expect(told.find(({ reason }) => reason === 'ImageNotFound')?.note).toContain('told.wasm');
  });
});

it('scales in place through the scale subresource, down to nothing and back', async () => {
  await create('scaled', { image: await lab.component('scaled') });
  await until('scaled', { status: 'True' });
  const scale = (replicas: number): Promise<unknown> =>
    lab.client.patch(
      WasmCloudActorResource,
      { name: 'scaled', namespace },
      { spec: { replicas } },
      { subresource: 'scale' },
    );
  await scale(4);
  await eventually(() => expect(host.running('scaled')[0]?.instances).toBe(4));
  expect(host.started).toHaveLength(1);
  await scale(0);
  expect((await until('scaled', { status: 'True', reason: 'Stopped' })).status).toMatchObject({
    instances: 0,
  });
  expect(host.running('scaled')).toEqual([]);
  await scale(2);
  await eventually(() => expect(host.running('scaled')[0]?.instances).toBe(2));
});

it('hands on configuration, and each change of it, without a restart', async () => {
  const metadata = { name: 'settings', namespace };
  const data = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
  await create('configured', {
    image: await lab.component('configured'),
    config: {
      values: { a: 'value', b: 'value', c: 'value' },
      configFrom: [{ name: 'settings' }],
      secretFrom: [{ name: 'settings' }, { name: 'absent', optional: true }],
    },
  });
  const waiting = await until('configured', {
    type: 'ConfigResolved',
    status: 'False',
    reason: 'ConfigNotFound',
  });
  expect(conditionOf(waiting, 'Ready')?.message).toBe(
    `spec.config.configFrom[0].name: there is no ConfigMap ${namespace}/settings. Create it, or mark the source as optional`,
  );
  await lab.client.create(ConfigMapResource, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { b: 'map', c: 'map' },
  });
  await lab.client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: data({ c: 'secret' }),
  });
  const { status } = await until('configured', { status: 'True' });
  expect(host.running('configured')[0]?.config).toEqual({ a: 'value', b: 'map', c: 'secret' });

  await lab.client.patch(SecretResource, metadata, { data: data({ c: 'rotated' }) });
  await eventually(() => expect(host.running('configured')[0]?.config['c']).toBe('rotated'));
  expect(host.started).toHaveLength(1);
  await eventually(async () => {
    const later = await lab.client.get(WasmCloudActorResource, { name: 'configured', namespace });
    expect(later.status?.configHash).not.toBe(status?.configHash);
  });

  await lab.client.delete(SecretResource, metadata);
  const kept = await until('configured', {
    type: 'ConfigResolved',
    status: 'False',
    reason: 'ConfigDeleted',
  });
  expect(conditionOf(kept, 'ConfigResolved')?.message).toContain(`in use: Secret ${namespace}/settings.`);
  // Nothing is lost by it, and what is not there yet for whoever comes now is there for who had it.
  expect(conditionOf(kept, 'Ready')).toMatchObject({ status: 'True', reason: 'Running' });
  expect(host.running('configured')[0]?.config['c']).toBe('rotated');
  await create('late-comer', {
    image: await lab.component('configured'),
    config: { secretFrom: [{ name: 'settings' }] },
  });
  await until('late-comer', { type: 'ConfigResolved', status: 'False', reason: 'ConfigNotFound' });
  const again = data({ c: 'again' });
  await lab.client.create(SecretResource, { apiVersion: 'v1', kind: 'Secret', metadata, data: again });
  await until('configured', { type: 'ConfigResolved', status: 'True' });
  await until('late-comer', { status: 'True' });
  expect(host.running('configured')[0]?.config['c']).toBe('again');
});

it('says what is wrong with an image and goes on when it is there', async () => {
  const image = await lab.component('late');
  await rm(image.slice('file://'.length));
  await create('late', { image });
  const missing = await until('late', { type: 'ImagePulled', status: 'False', reason: 'ImageNotFound' });
  expect(conditionOf(missing, 'Ready')).toMatchObject({ status: 'False', reason: 'ImageNotFound' });
  await lab.component('late');
  await until('late', { status: 'True' });

  await create('malformed', { image: 'registry.example/Upper' });
  await until('malformed', { type: 'ImagePulled', status: 'False', reason: 'InvalidImage' });
  await until('malformed', { type: 'Stalled', status: 'True' });
});

it('tries a broken component once, and again only when it has changed', async () => {
  host.broken.add(digestOf('\0asmbroken'));
  const image = await lab.component('broken');
  await create('broken', { image });
  const broken = await until('broken', { status: 'False', reason: 'InvalidComponent' });
  expect(conditionOf(broken, 'ImagePulled')).toMatchObject({ status: 'True' });
  await patch('broken', { instances: 2 });
  await eventually(async () => {
    const seen = await lab.client.get(WasmCloudActorResource, { name: 'broken', namespace });
    expect(conditionOf(seen, 'Ready')?.observedGeneration).toBe(2);
  });
  expect(host.attempts).toBe(1);
  await lab.component('broken', 'mended');
  expect(conditionOf(await until('broken', { status: 'True' }), 'Stalled')).toBeUndefined();
});

it('starts a new image before it stops the old one, and keeps the old one while the new one fails', async () => {
  const first = await lab.component('first');
  await create('rolled', { image: first });
  await until('rolled', { status: 'True' });
  const broken = await lab.component('second');
  host.broken.add(digestOf('\0asmsecond'));
  await patch('rolled', { image: broken });
  const failing = await until('rolled', { status: 'False', reason: 'InvalidComponent' });
  expect(conditionOf(failing, 'Ready')?.message).toContain(`${first}@${digestOf('\0asmfirst')} serves on`);
  expect(failing.status).toMatchObject({
    readyInstances: 1,
    resolvedImage: `${first}@${digestOf('\0asmfirst')}`,
  });
  expect(host.running('rolled')).toHaveLength(1);

  await patch('rolled', { image: await lab.component('third') });
  await until('rolled', { status: 'True' });
  await eventually(() =>
    expect(host.running('rolled').map(({ spec }) => spec.digest)).toEqual([digestOf('\0asmthird')]),
  );
});

it('lets the oldest of several actors with one component id run, and the next when it is gone', async () => {
  const image = await lab.component('twin');
  await create('older', { image, componentId: 'twin' });
  await until('older', { status: 'True' });
  await create('younger', { image, componentId: 'twin' });
  const refused = await until('younger', { status: 'False', reason: 'ComponentIdTaken' });
  expect(conditionOf(refused, 'Ready')?.message).toContain(`WasmCloudActor ${namespace}/older`);
  await lab.client.delete(WasmCloudActorResource, { name: 'older', namespace });
  await until('younger', { status: 'True' });
});

it('sees only what is bound to it, and of its own lattices', async () => {
  const other = await lab.host({ lattices: ['default'] });
  const image = await lab.component('mine');
  await create('mine', { image });
  await create('elsewhere', { image }, other);
  await until('mine', { status: 'True' });
  expect(other.started).toEqual([]);
  expect(host.started.map(({ spec }) => spec.id)).toEqual(['mine']);
  const untouched = await lab.client.get(WasmCloudActorResource, { name: 'elsewhere', namespace });
  expect(untouched.status).toBeUndefined();
});

it('takes back what others said of an actor that runs', async () => {
  await create('alive', { image: await lab.component('alive') });
  await until('alive', { status: 'True' });
  const lost = { type: 'Ready', status: 'Unknown' as const, reason: 'HostLost', message: '' };
  await lab.client.applyStatus(
    WasmCloudActorResource,
    {
      apiVersion: 'kasmcloud.io/v1alpha1',
      kind: 'WasmCloudActor',
      metadata: { name: 'alive', namespace },
      status: { conditions: [{ ...lost, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    },
    { fieldManager: 'kasmcloud-reconciler', force: true },
  );
  await until('alive', { status: 'True', reason: 'Running' });
  expect(host.started).toHaveLength(1);
});

it('says at its end that nothing runs any more', async () => {
  const leaving = await lab.host();
  await create('left', { image: await lab.component('left') }, leaving);
  await until('left', { status: 'True' });
  await leaving.agent.stop();
  expect((await until('left', { status: 'False', reason: 'HostShutdown' })).status).toMatchObject({
    readyInstances: 0,
  });
  expect(leaving.running('left')).toEqual([]);
});
