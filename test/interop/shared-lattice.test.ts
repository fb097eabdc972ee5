import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  API_VERSION,
  NamespaceResource,
  WasmCloudActorResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { npmTools } from '../../lib/local/npm-tools';
import { choosePort } from '../../lib/local/ports';
import { type Provider, connect, wit } from '../../lib/provider';
import { HostProcess } from '../host-process';
import { toolchainComponent } from '../host/component/fixtures';
import { component } from '../host/components';
import { eventually, untilCondition } from '../integration/host-agent-harness';
import { actor, link, provider } from '../integration/lattice-objects';
import { archive } from '../provider-archive';
import { LegacyHost } from './legacy-host';

/** A lattice is a namespace: what the legacy host calls by its name, too. */
const namespace = 'shared';
const run = promisify(execFile);

let dir: string;
let controlPlane: ControlPlane;
let client: KubeClient;
let legacy: LegacyHost;
let kasm: HostProcess;
/** A program of the lattice that calls what the tests look at. */
let caller: Provider;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-shared-'));
  [legacy, controlPlane, process.env['KASMCLOUD_TEST_WASM_TOOLS']] = await Promise.all([
    LegacyHost.start(namespace),
    startControlPlane({ dir }),
    npmTools('wasm'),
  ]);
  const kubeconfig = controlPlane.kubeconfig('admin');
  client = new KubeClient(await loadConnection({ kubeconfig }));
  await bootstrap(client);
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  const args = [`--nats-url=${legacy.url}`];
  kasm = await HostProcess.start({ name: 'kasm', kubeconfig, dir, args, roles: 'host,reconciler' });
  caller = await connect({ nats: legacy.connection.nats, lattice: namespace, id: 'test' });
}, 180_000);
afterAll(async () => {
  await caller?.close();
  await kasm?.stop();
  client?.connection.close();
  await Promise.all([controlPlane?.stop(), legacy?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

/** A fixture as a file. */
async function built(name: string): Promise<string> {
  if (name.endsWith('.wat')) return (await component(name)).wasm;
  const file = path.join(dir, `${name}.wasm`);
  writeFileSync(file, await toolchainComponent(name));
  return file;
}

/** Runs an actor on the KasmCloud Host. */
async function act(id: string, file: string): Promise<void> {
  await client.create(
    WasmCloudActorResource,
    actor(namespace, id, { image: `file://${file}`, host: kasm.name, instances: 20 }),
  );
  await untilCondition(client, WasmCloudActorResource, { name: id, namespace }, { status: 'True' });
}

/** Says that an id is run by somebody else, as a bridge between the two control planes would. */
async function observe(kind: 'actor' | 'provider', id: string): Promise<void> {
  const managementPolicy = 'Observe';
  if (kind === 'actor')
    await client.create(WasmCloudActorResource, actor(namespace, id, { managementPolicy }));
  else
    await client.create(WasmCloudProviderResource, {
      apiVersion: API_VERSION,
      kind: 'WasmCloudProvider',
      metadata: { name: id, namespace },
      spec: { runtime: 'External', managementPolicy },
    });
}

/** Runs a provider of the KasmCloud Host. */
async function provide(id: string, name: string): Promise<void> {
  const image = `builtin://${name}`;
  await client.create(WasmCloudProviderResource, provider(namespace, id, { image, host: kasm.name }));
}

/** Links two ids for the KasmCloud Host, for interfaces such as `wasi:keyvalue/store,atomics`. */
async function connects(
  source: string,
  target: string,
  interfaces: string,
  config: { source?: Record<string, string>; target?: Record<string, string> } = {},
): Promise<void> {
  const [, witNamespace = '', witPackage = '', names = ''] = /^(.+):(.+)\/(.+)$/.exec(interfaces) ?? [];
  await client.create(
    WasmCloudLinkResource,
    link(namespace, `${source}-${target}`, source, target, {
      wit: { namespace: witNamespace, package: witPackage, interfaces: names.split(',') },
      ...(config.source && { sourceConfig: { values: config.source } }),
      ...(config.target && { targetConfig: { values: config.target } }),
    }),
  );
}

/** Makes the published program of a crate in this folder an archive, as the legacy host takes it. */
async function program(crate: string): Promise<string> {
  const { stdout } = await run(process.execPath, [path.join(__dirname, crate, 'build.mjs')]);
  const file = path.join(dir, `${crate}.par`);
  const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`;
  writeFileSync(file, await archive({ [target]: readFileSync(stdout.trim()) }));
  return file;
}

const ask = wit.iface('acme:calls/ask@1.0.0', {
  add: wit.func(
    [
      ['a', wit.u32],
      ['b', wit.u32],
    ],
    wit.u32,
  ),
  echo: wit.func([['text', wit.string]], wit.result(wit.string, wit.string)),
});

describe('components of two kinds of hosts call each other', () => {
  beforeAll(async () => {
    const [asks, sums] = [await built('caller'), await built('callee')];
    await act('kasm-asks', asks);
    await legacy.run('legacy-sums', sums);
    await observe('actor', 'legacy-sums');
    await connects('kasm-asks', 'legacy-sums', 'acme:calls/math');

    await act('kasm-sums', sums);
    await legacy.link('legacy-asks', 'kasm-sums', 'acme:calls/math');
    await legacy.run('legacy-asks', asks);
  });

  it.each(['kasm-asks', 'legacy-asks'])('%s calls over to the other', async (id) => {
    const target = caller.target(id, ask);
    await expect(target.add(2, 40)).resolves.toBe(42);
    await expect(target.echo('grüße')).resolves.toBe('grüße');
    await expect(target.echo('')).rejects.toMatchObject({ name: 'WitError', payload: 'empty' });
    const sums = await Promise.all(Array.from({ length: 40 }, (_, at) => target.add(at, at)));
    expect(sums).toEqual(Array.from({ length: 40 }, (_, at) => 2 * at));
  });
});

describe('an HTTP server of one host serves an actor of the other', () => {
  const addresses: Record<string, string> = {};

  beforeAll(async () => {
    const web = await built('lab.wat');
    for (const id of ['kasm-http', 'legacy-http'])
      addresses[id] = `127.0.0.1:${await choosePort('port of a server', {})}`;
    const address = (id: string): { source: Record<string, string> } => ({
      source: { address: addresses[id]! },
    });
    await legacy.run('legacy-web', web);
    await observe('actor', 'legacy-web');
    await provide('kasm-http', 'http-server');
    await connects('kasm-http', 'legacy-web', 'wasi:http/incoming-handler', address('kasm-http'));

    await act('kasm-web', web);
    await legacy.link('legacy-http', 'kasm-web', 'wasi:http/incoming-handler', address('legacy-http'));
    await legacy.provide('legacy-http', await program('http-server-provider'));
  }, 180_000);

  it.each(['kasm-http', 'legacy-http'])('%s', async (id) => {
    const url = `http://${addresses[id]}`;
    const small = await eventually(() => fetch(`${url}/e`, { method: 'POST', body: 'grüße' }));
    expect([small.status, await small.text()]).toEqual([200, 'grüße']);
    const body = Buffer.alloc(2_000_000, 'streamed to and fro, ');
    const large = await fetch(`${url}/e`, { method: 'POST', body });
    expect(digest(Buffer.from(await large.arrayBuffer()))).toBe(digest(body));
    const trapped = await fetch(`${url}/t`);
    expect(trapped.status).toBeGreaterThanOrEqual(500);
    await trapped.text();
    const many = await Promise.all(
      Array.from({ length: 50 }, async (_, at) =>
        (await fetch(`${url}/e`, { method: 'POST', body: `call ${at}` })).text(),
      ),
    );
    expect(many).toEqual(Array.from({ length: 50 }, (_, at) => `call ${at}`));
  });
});

describe('a component of one host uses a provider of the other', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('ours that of a published SDK, with the configuration of its link there', async () => {
    const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
    const file = path.join(dir, 'greets.wasm');
    await run(process.execPath, [path.join(__dirname, 'fixtures/build.mjs'), tools, 'greets', file]);
    await act('kasm-greets', file);
    await legacy.link('kasm-greets', 'greeter', 'test:interop/greeter', { target: { word: 'Welcome' } });
    await legacy.provide('greeter', await program('rust-provider'));
    await observe('provider', 'greeter');
    await connects('kasm-greets', 'greeter', 'test:interop/greeter');
    const greets = wit.iface('kasm:interop/greets@0.1.0', {
      greets: wit.func([['name', wit.string]], wit.string),
    });
    await eventually(async () =>
      expect(await caller.target('kasm-greets', greets).greets('Ada')).toBe('Welcome, Ada!'),
    );
  }, 180_000);

  it('theirs our key-value store', async () => {
    await provide('kasm-store', 'keyvalue-nats');
    await observe('actor', 'legacy-ledger');
    const bucket = { bucket: `shared-${randomUUID()}`, enable_bucket_auto_create: 'true' };
    await connects('legacy-ledger', 'kasm-store', 'wasi:keyvalue/store,atomics,batch', { target: bucket });
    await untilCondition(
      client,
      WasmCloudProviderResource,
      { name: 'kasm-store', namespace },
      { status: 'True' },
    );
    await legacy.link('legacy-ledger', 'kasm-store', 'wasi:keyvalue/store,atomics,batch');
    await legacy.run('legacy-ledger', await built('ledger'));

    const error = wit.variant({ 'no-such-store': null, 'access-denied': null, other: wit.string });
    const data = wit.list(wit.u8);
    const ledger = caller.target(
      'legacy-ledger',
      wit.iface('test:ledger/api', {
        get: wit.func(
          [
            ['bucket', wit.string],
            ['key', wit.string],
          ],
          wit.result(wit.option(data), error),
        ),
        set: wit.func(
          [
            ['bucket', wit.string],
            ['key', wit.string],
            ['value', data],
          ],
          wit.result(null, error),
        ),
        increment: wit.func(
          [
            ['bucket', wit.string],
            ['key', wit.string],
            ['delta', wit.u64],
          ],
          wit.result(wit.u64, error),
        ),
      }),
    );
    await expect(ledger.get('default', 'name')).resolves.toBeUndefined();
    await ledger.set('default', 'name', bytes('Grace'));
    await expect(ledger.get('default', 'name')).resolves.toEqual(bytes('Grace'));
    const counts: bigint[] = [];
    // Four at a time: of many at once on a busy machine, that host's client now and then loses the acceptance of some (see
    // `accept` of lib/lattice/wrpc/invocation.ts), whoever serves them.
    const some = async (): Promise<void> => {
      for (let call = 0; call < 5; call++) counts.push(await ledger.increment('default', 'visits', 1n));
    };
    await Promise.all(Array.from({ length: 4 }, some));
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 20 }, (_, at) => BigInt(at + 1))));
    await expect(ledger.get('elsewhere', 'name')).rejects.toMatchObject({
      payload: { tag: 'no-such-store' },
    });
  });

  it('theirs our messaging, both ways', async () => {
    await provide('kasm-bus', 'messaging-nats');
    await legacy.link('legacy-echo', 'kasm-bus', 'wasmcloud:messaging/consumer');
    await legacy.run('legacy-echo', await built('echo-messages'));
    await observe('actor', 'legacy-echo');
    await connects('legacy-echo', 'kasm-bus', 'wasmcloud:messaging/consumer');
    await connects('kasm-bus', 'legacy-echo', 'wasmcloud:messaging/handler', {
      source: { subscriptions: 'shared.echo.*' },
    });
    const { nats } = legacy.connection;
    const reply = await eventually(() => nats.request('shared.echo.it', 'message', { timeout: 5_000 }));
    expect(reply.string()).toBe('message');
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        nats.request('shared.echo.it', `message ${at}`, { timeout: 20_000 }),
      ),
    );
    expect(many.map((each) => each.string())).toEqual(Array.from({ length: 40 }, (_, at) => `message ${at}`));
  });
});

function digest(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
