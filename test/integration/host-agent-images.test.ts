import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  conditionOf,
  SecretResource,
  WasmCloudActorResource,
  type WasmCloudActorSpec,
  WasmCloudLatticeResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';
import { type Proxy, startProxy } from './oci/proxy';
import { digestOf, pushComponent } from './oci/push';
import { htpasswd, login, type Registry, startRegistry } from './oci/registry';

const lab = bench();
const apiVersion = 'kasmcloud.io/v1alpha1';
const wasm = Buffer.from('\0asm from a registry');
let open: Registry;
let guarded: Registry;
let namespace: string;
let host: TestHost;
/** A registry that sends a byte now and then, for ever. */
let dripping: Proxy;

beforeAll(async () => {
  open = await startRegistry();
  const file = path.join(lab.dir, 'htpasswd');
  await writeFile(file, htpasswd);
  guarded = await startRegistry({
    storage: open.storage,
    auth: { htpasswd: { realm: 'test', path: file } },
  });
  dripping = await startProxy(open.host, () => 'drip');
});
afterAll(async () => {
  await dripping.stop();
  await guarded.stop();
  await open.stop();
});
beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host({}, { insecureRegistries: [open.host, guarded.host, dripping.host] });
});

const create = (name: string, spec: WasmCloudActorSpec): Promise<unknown> =>
  lab.client.create(WasmCloudActorResource, {
    apiVersion,
    kind: 'WasmCloudActor',
    metadata: { name, namespace },
    spec: { ...spec, host: host.identity.name },
  });
const until = (
  name: string,
  condition: Parameters<typeof untilCondition>[3],
): ReturnType<typeof untilCondition> =>
  untilCondition(lab.client, WasmCloudActorResource, { name, namespace }, condition);
const loginData = (password = login.password): Record<string, string> => ({
  '.dockerconfigjson': JSON.stringify({ auths: { [guarded.host]: { ...login, password } } }),
});
const secret = (name: string, password?: string): Promise<unknown> =>
  lab.client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: loginData(password),
  });

it('pulls with the Secret of the actor as soon as there is one', async () => {
  const { digest } = await pushComponent(`http://${open.host}/v2/private`, '1', wasm);
  const image = `${guarded.host}/private:1`;
  await create('private', { image, imagePullSecrets: [{ name: 'pull' }] });
  const refused = await until('private', {
    type: 'ImagePulled',
    status: 'False',
    reason: 'ImagePullUnauthorized',
  });
  expect(conditionOf(refused, 'Ready')?.message).toContain(`Secret ${namespace}/pull does not exist`);
  await secret('pull');
  const ready = await until('private', { status: 'True' });
  expect(ready.status).toMatchObject({ resolvedImage: `${guarded.host}/private@${digest}` });
  expect(host.started[0]?.spec.digest).toBe(digestOf(wasm));
});

it('pulls again as soon as its Secret is rotated, and goes on with what runs', async () => {
  await pushComponent(`http://${open.host}/v2/rotated`, '1', wasm);
  await pushComponent(`http://${open.host}/v2/rotated`, '2', Buffer.concat([wasm, Buffer.from('2')]));
  await secret('rotated', 'of last year');
  await create('rotated', { image: `${guarded.host}/rotated:1`, imagePullSecrets: [{ name: 'rotated' }] });
  await until('rotated', { type: 'ImagePulled', status: 'False', reason: 'ImagePullUnauthorized' });
  const rotate = (password?: string): Promise<unknown> =>
    lab.client.patch(
      SecretResource,
      { name: 'rotated', namespace },
      {
        stringData: loginData(password),
      },
    );
  await rotate();
  await until('rotated', { status: 'True' });

  await rotate('of next year');
  await lab.client.patch(
    WasmCloudActorResource,
    { name: 'rotated', namespace },
    { spec: { image: `${guarded.host}/rotated:2` } },
  );
  await until('rotated', { status: 'False', reason: 'ImagePullUnauthorized' });
  expect(host.running('rotated').map(({ spec }) => spec.digest)).toEqual([digestOf(wasm)]);
  await rotate();
  await until('rotated', { status: 'True' });
  expect(host.started).toHaveLength(2);
});

it('pulls with the Secrets of the lattice', async () => {
  await pushComponent(`http://${open.host}/v2/shared`, '1', wasm);
  await secret('lattice-pull');
  await lab.client.create(WasmCloudLatticeResource, {
    apiVersion,
    kind: 'WasmCloudLattice',
    metadata: { name: 'lattice', namespace },
    spec: { latticeId: 'other', imagePullSecrets: [{ name: 'lattice-pull' }] },
  });
  await create('shared', { image: `${guarded.host}/shared:1` });
  await until('shared', { status: 'True' });
  expect(host.started[0]?.spec.lattice).toBe('other');
});

it('waits for an image that is pushed later, and says which is missing', async () => {
  const image = `${open.host}/later:1`;
  await create('later', { image });
  const missing = await until('later', { type: 'ImagePulled', status: 'False', reason: 'ImageNotFound' });
  expect(conditionOf(missing, 'Ready')?.message).toContain(image);
  await pushComponent(`http://${open.host}/v2/later`, '1', wasm);
  await until('later', { status: 'True' });
});

it('runs others while a registry never comes to an end, and lets go of it when the image is corrected', async () => {
  await pushComponent(`http://${open.host}/v2/prompt`, '1', wasm);
  const providers = ['p0', 'p1', 'p2'];
  // More than are looked after at a time.
  const stuck = Array.from({ length: 20 }, (_, index) => `stuck-${index}`);
  const image = `${dripping.host}/slow:1`;
  await Promise.all([
    ...stuck.map((name) => create(name, { image })),
    ...providers.map((name) =>
      lab.client.create(WasmCloudProviderResource, {
        apiVersion,
        kind: 'WasmCloudProvider',
        metadata: { name, namespace },
        spec: { image, host: host.identity.name },
      }),
    ),
  ]);
  await Promise.all([
    ...stuck.map((name) => until(name, { status: 'False', reason: 'Starting' })),
    ...providers.map((name) =>
      untilCondition(lab.client, WasmCloudProviderResource, { name, namespace }, { reason: 'Starting' }),
    ),
  ]);

  const good = `${open.host}/prompt:1`;
  await create('prompt', { image: good });
  await until('prompt', { status: 'True' });
  await lab.client.patch(WasmCloudActorResource, { name: 'stuck-0', namespace }, { spec: { image: good } });
  await until('stuck-0', { status: 'True' });

  for (const name of stuck) await lab.client.delete(WasmCloudActorResource, { name, namespace });
  for (const name of providers) await lab.client.delete(WasmCloudProviderResource, { name, namespace });
  await eventually(async () => expect(await dripping.connections()).toBe(0));
});
