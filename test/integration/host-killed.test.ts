import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  conditionOf,
  NamespaceResource,
  SecretResource,
  WasmCloudHostResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { identify, isAlive } from '../../lib/base/process-identity';
import { machineTarget } from '../../lib/host/processes/programs';
import type { KubeClient } from '../../lib/kube';
import type { LatticeConnection } from '../../lib/lattice';
import { Pki } from '../../lib/local/pki';
import { connect as join, interfaces, type Provider } from '../../lib/provider';
import { bundle } from '../bundle';
import type { HostProcess } from '../host-process';
import { archive } from '../provider-archive';
import { testClient } from './cluster';
import { eventually, untilCondition } from './host-agent-harness';
import { connect } from './lattice';
import { provider } from './lattice-objects';
import { pushComponent } from './oci/push';
import { htpasswd, login, type Registry, startRegistry } from './oci/registry';
import { startHost } from './real-hosts';

const namespace = `killed-${process.pid}`;
const key = { name: 'greeter', namespace };

let dir: string;
let client: KubeClient;
let connection: LatticeConnection;
let open: Registry;
let guarded: Registry;
let caller: Provider;
let host: HostProcess | undefined;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'host-killed-'));
  [client, connection, open] = await Promise.all([testClient(), connect(), startRegistry()]);
  const pki = new Pki(path.join(dir, 'pki'));
  const { cert: certificate, key: secretKey } = pki.serverFiles('registry', ['127.0.0.1']);
  const passwords = path.join(dir, 'htpasswd');
  writeFileSync(passwords, htpasswd);
  guarded = await startRegistry({
    storage: open.storage,
    auth: { htpasswd: { realm: 'test', path: passwords } },
    tls: { certificate, key: secretKey },
  });
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  caller = await join({ nats: connection.nats, lattice: namespace, id: 'app' });
  host = await start();
}, 120_000);
afterAll(async () => {
  await caller?.close();
  await host?.stop();
  await client.delete(WasmCloudHostResource, { name: namespace });
  await client.delete(NamespaceResource, { name: namespace });
  await Promise.all([guarded?.stop(), open?.stop(), connection.close()]);
  client.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

function start(): Promise<HostProcess> {
  const args = [`--oci-ca=${path.join(dir, 'pki', 'ca.crt')}`];
  return startHost({ client, dir, name: namespace, lattice: namespace, args });
}

async function ask(fact: string): Promise<unknown> {
  const given = { deadlineMs: 2_000 };
  const answer = await caller.call('greeter', interfaces.keyvalue.store, 'get', ['', fact], given);
  return JSON.parse(Buffer.from(answer!).toString());
}

/** Pushes the provider of these tests as an archive, as wasmCloud's tools do. */
async function push(): Promise<string> {
  // A provider gets no PATH.
  const program = `#!${process.execPath}\n${readFileSync(bundle(path.join(__dirname, 'providers/greeter.ts')), 'utf8')}`;
  const content = gzipSync(await archive({ [machineTarget]: Buffer.from(program) }));
  const mediaType = 'application/vnd.wasmcloud.provider.archive.layer.v1+par';
  const { digest } = await pushComponent(`http://${open.host}/v2/greeter`, '1', content, mediaType);
  return digest;
}

it('runs a provider archive of a registry with a password and a certificate of its own', async () => {
  const digest = await push();
  const image = `${guarded.host}/greeter:1`;
  const spec = { image, host: namespace, imagePullSecrets: [{ name: 'pull' }] };
  await client.create(WasmCloudProviderResource, provider(namespace, key.name, spec));
  const refused = await untilCondition(client, WasmCloudProviderResource, key, {
    type: 'ImagePulled',
    status: 'False',
    reason: 'ImagePullUnauthorized',
  });
  expect(conditionOf(refused, 'Ready')?.message).toContain(`Secret ${namespace}/pull does not exist`);
  await client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pull', namespace },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [guarded.host]: login } }) },
  });
  const ready = await untilCondition(client, WasmCloudProviderResource, key, { status: 'True' });
  expect(ready.status?.resolvedImage).toBe(`${guarded.host}/greeter@${digest}`);
  expect(await ask('links')).toEqual([]);
});

it('ends what a killed host has left running before it runs it again', async () => {
  const left = identify((await ask('pid')) as number)!;
  await host?.stop('SIGKILL');
  expect(isAlive(left)).toBe(true);
  expect(await ask('pid')).toBe(left.pid);

  host = await start();
  expect(isAlive(left)).toBe(false);
  await eventually(async () => expect(await ask('pid')).not.toBe(left.pid));
  const records = readdirSync(path.join(dir, namespace, 'providers', 'running'));
  expect(records).toEqual([`${String(await ask('pid'))}.json`]);
});

it('shows in the status that it crashes, how, and when it is started again', async () => {
  process.kill((await ask('pid')) as number, 'SIGKILL');
  const crashed = await untilCondition(client, WasmCloudProviderResource, key, {
    status: 'False',
    reason: 'CrashLoopBackOff',
    message: expect.stringMatching(/Ended by SIGKILL.*started again \d+ s after/) as string,
  });
  expect(crashed.status?.lastExit).toMatchObject({ code: -9 });
  const again = await eventually(async () => {
    const object = await client.get(WasmCloudProviderResource, key);
    expect(object.status?.restarts).toBe(1);
    return object;
  }, 30_000);
  expect(again.status?.lastExit?.code).toBe(-9);
  await untilCondition(client, WasmCloudProviderResource, key, { status: 'True', reason: 'Running' });
});
