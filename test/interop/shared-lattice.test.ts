import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { WasmCloudProviderResource } from '../../lib/api';
import { choosePort } from '../../lib/local/ports';
import { wit } from '../../lib/provider';
import { toolchainComponent } from '../host/component/fixtures';
import { component } from '../host/components';
import { eventually, untilCondition } from '../integration/host-agent-harness';
import { MixedLattice } from './mixed-lattice';

const run = promisify(execFile);

let lattice: MixedLattice;
beforeAll(async () => {
  lattice = await MixedLattice.start('shared');
}, 180_000);
afterAll(() => lattice?.stop());

/** A fixture as a file. */
async function built(name: string): Promise<string> {
  if (name.endsWith('.wat')) return (await component(name)).wasm;
  const file = path.join(lattice.dir, `${name}.wasm`);
  writeFileSync(file, await toolchainComponent(name));
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
    await lattice.act('kasm-asks', asks);
    await lattice.legacy.run('legacy-sums', sums);
    await lattice.observe('actor', 'legacy-sums');
    await lattice.link('kasm-asks', 'legacy-sums', 'acme:calls/math');

    await lattice.act('kasm-sums', sums);
    await lattice.legacy.link('legacy-asks', 'kasm-sums', 'acme:calls/math');
    await lattice.legacy.run('legacy-asks', asks);
  });

  it.each(['kasm-asks', 'legacy-asks'])('%s calls over to the other', async (id) => {
    const target = lattice.caller.target(id, ask);
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
    await lattice.legacy.run('legacy-web', web);
    await lattice.observe('actor', 'legacy-web');
    await lattice.provide('kasm-http', 'http-server');
    await lattice.link('kasm-http', 'legacy-web', 'wasi:http/incoming-handler', address('kasm-http'));

    await lattice.act('kasm-web', web);
    await lattice.legacy.link(
      'legacy-http',
      'kasm-web',
      'wasi:http/incoming-handler',
      address('legacy-http'),
    );
    await lattice.legacy.provide('legacy-http', await lattice.program('http-server-provider'));
  }, 180_000);

  it.each(['kasm-http', 'legacy-http'])('%s', async (id) => {
    const url = `http://${addresses[id]}`;
    const small = await eventually(() => fetch(`${url}/e`, { method: 'POST', body: 'grüße' }));
    expect([small.status, await small.text()]).toEqual([200, 'grüße']);
    const body = Buffer.alloc(2_000_000, 'streamed to and fro, ');
    const large = await fetch(`${url}/e`, { method: 'POST', body });
    expect(digest(Buffer.from(await large.arrayBuffer()))).toBe(digest(body));
    for (const route of ['t', 'n']) {
      const trapped = await fetch(`${url}/${route}`);
      expect(trapped.status).toBeGreaterThanOrEqual(500);
      await trapped.text();
    }
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
    const file = path.join(lattice.dir, 'greets.wasm');
    await run(process.execPath, [path.join(__dirname, 'fixtures/build.mjs'), tools, 'greets', file]);
    await lattice.act('kasm-greets', file);
    await lattice.legacy.link('kasm-greets', 'greeter', 'test:interop/greeter', {
      target: { word: 'Welcome' },
    });
    await lattice.legacy.provide('greeter', await lattice.program('rust-provider'));
    await lattice.observe('provider', 'greeter');
    await lattice.link('kasm-greets', 'greeter', 'test:interop/greeter');
    const greets = wit.iface('kasm:interop/greets@0.1.0', {
      greets: wit.func([['name', wit.string]], wit.string),
    });
    await eventually(async () =>
      expect(await lattice.caller.target('kasm-greets', greets).greets('Ada')).toBe('Welcome, Ada!'),
    );
  }, 180_000);

  it('theirs our key-value store', async () => {
    await lattice.provide('kasm-store', 'keyvalue-nats');
    await lattice.observe('actor', 'legacy-ledger');
    const bucket = { bucket: `shared-${randomUUID()}`, enable_bucket_auto_create: 'true' };
    await lattice.link('legacy-ledger', 'kasm-store', 'wasi:keyvalue/store,atomics,batch', {
      target: bucket,
    });
    const { client, namespace } = lattice;
    await untilCondition(
      client,
      WasmCloudProviderResource,
      { name: 'kasm-store', namespace },
      { status: 'True' },
    );
    await lattice.legacy.link('legacy-ledger', 'kasm-store', 'wasi:keyvalue/store,atomics,batch');
    await lattice.legacy.run('legacy-ledger', await built('ledger'));

    const error = wit.variant({ 'no-such-store': null, 'access-denied': null, other: wit.string });
    const data = wit.list(wit.u8);
    const ledger = lattice.caller.target(
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
    await lattice.provide('kasm-bus', 'messaging-nats');
    await lattice.legacy.link('legacy-echo', 'kasm-bus', 'wasmcloud:messaging/consumer');
    await lattice.legacy.run('legacy-echo', await built('echo-messages'));
    await lattice.observe('actor', 'legacy-echo');
    await lattice.link('legacy-echo', 'kasm-bus', 'wasmcloud:messaging/consumer');
    await lattice.link('kasm-bus', 'legacy-echo', 'wasmcloud:messaging/handler', {
      source: { subscriptions: 'shared.echo.*' },
    });
    const { nats } = lattice.legacy.connection;
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
