import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  conditionOf,
  SecretResource,
  WasmCloudActorResource,
  type WasmCloudActorSpec,
  WasmCloudLatticeResource,
} from '../../lib/api';
import { bench, type TestHost, untilCondition } from './host-agent-harness';
import { digestOf, pushComponent } from './oci/push';
import { htpasswd, login, type Registry, startRegistry } from './oci/registry';

const lab = bench();
const apiVersion = 'kasmcloud.io/v1alpha1';
const wasm = Buffer.from('\0asm from a registry');
let open: Registry;
let guarded: Registry;
let namespace: string;
let host: TestHost;

beforeAll(async () => {
  open = await startRegistry();
  const file = path.join(lab.dir, 'htpasswd');
  await writeFile(file, htpasswd);
  guarded = await startRegistry({
    storage: open.storage,
    auth: { htpasswd: { realm: 'test', path: file } },
  });
});
afterAll(async () => {
  await guarded.stop();
  await open.stop();
});
beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host({}, { insecureRegistries: [open.host, guarded.host] });
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
const secret = (name: string): Promise<unknown> =>
  lab.client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [guarded.host]: login } }) },
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
