import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { WasmCloudProviderResource } from '../../lib/api';
import { interfaces, wit } from '../../lib/provider';
import { component } from '../host/components';
import { eventually, untilCondition } from '../integration/host-agent-harness';
import { MixedLattice } from './mixed-lattice';

/** Providers whose calls carry streams, of one host for components of the other. */

let lattice: MixedLattice;
beforeAll(async () => {
  lattice = await MixedLattice.start('providers');
}, 180_000);
afterAll(() => lattice?.stop());

/** Runs a provider of the KasmCloud Host; resolves when it serves. */
async function provide(id: string, name: string): Promise<void> {
  const { client, namespace } = lattice;
  await lattice.provide(id, name);
  await untilCondition(client, WasmCloudProviderResource, { name: id, namespace }, { status: 'True' });
}

describe('a blob store', () => {
  const names = (...all: string[]): [string, typeof wit.string][] => all.map((name) => [name, wit.string]);
  const data = wit.list(wit.u8);
  const blobs = wit.iface('test:blobs/api', {
    create: wit.func(names('container'), wit.result(null, wit.string)),
    put: wit.func([...names('container', 'object'), ['data', data]], wit.result(null, wit.string)),
    get: wit.func(
      [...names('container', 'object'), ['start', wit.u64], ['end', wit.u64]],
      wit.result(data, wit.string),
    ),
    names: wit.func(names('container'), wit.result(wit.list(wit.string), wit.string)),
    delete: wit.func(names('container', 'object'), wit.result(null, wit.string)),
  });
  const store = 'wasi:blobstore/blobstore,container,types';

  beforeAll(async () => {
    const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
    const file = path.join(lattice.dir, 'blobs.wasm');
    const build = path.join(__dirname, 'fixtures/build.mjs');
    await promisify(execFile)(process.execPath, [build, tools, 'blobs', file]);
    for (const kind of ['fs', 'nats']) {
      await lattice.observe('actor', `legacy-to-${kind}`);
      await lattice.link(`legacy-to-${kind}`, `kasm-${kind}`, store);
      await provide(`kasm-${kind}`, `blobstore-${kind}`);
      await lattice.legacy.link(`legacy-to-${kind}`, `kasm-${kind}`, store);
      await lattice.legacy.run(`legacy-to-${kind}`, file);
    }
    await lattice.act('kasm-to-fs', file);
    const root = { root: path.join(lattice.dir, 'theirs') };
    await lattice.legacy.link('kasm-to-fs', 'legacy-fs', store, { target: root });
    await lattice.legacy.provide('legacy-fs', await lattice.program('blobstore-fs-provider'));
    await lattice.observe('provider', 'legacy-fs');
    await lattice.link('kasm-to-fs', 'legacy-fs', store);
  }, 600_000);

  it.each([
    ['legacy-to-fs', 'our files'],
    ['legacy-to-nats', 'our objects of NATS'],
    ['kasm-to-fs', 'their files'],
  ])('%s keeps what it has in %s', async (id) => {
    const { create, put, get, names, delete: remove } = lattice.caller.target(id, blobs);
    const whole = 2n ** 62n;
    await eventually(() => create('pictures'));
    await put('pictures', 'small', Buffer.from('grüße'));
    const large = Buffer.alloc(300_000, 'kept as a stream, ');
    await put('pictures', 'large', large);
    await put('pictures', 'small', Buffer.from('again'));
    expect(Buffer.from(await get('pictures', 'small', 0n, whole)).toString()).toBe('again');
    expect(Buffer.from(await get('pictures', 'large', 0n, whole)).equals(large)).toBe(true);
    expect(Buffer.from(await get('pictures', 'large', 18n, whole)).equals(large.subarray(18))).toBe(true);
    expect([...(await names('pictures'))].sort()).toEqual(['large', 'small']);
    await remove('pictures', 'small');
    expect(await names('pictures')).toEqual(['large']);
    await expect(get('pictures', 'small', 0n, whole)).rejects.toMatchObject({ name: 'WitError' });
  });
});

describe('an HTTP client', () => {
  let upstream: Server;
  let authority: string;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      response.writeHead(201, { 'x-path': request.url });
      request.pipe(response);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    authority = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const { wasm } = await component('relay.wat');
    const { legacy } = lattice;

    await lattice.observe('actor', 'legacy-relay');
    const target = { allowed_addresses: '127.0.0.1' };
    await lattice.link('legacy-relay', 'kasm-client', 'wasi:http/outgoing-handler', { target });
    await provide('kasm-client', 'http-client');
    await legacy.link('legacy-relay', 'kasm-client', 'wasi:http/outgoing-handler');
    await legacy.run('legacy-relay', wasm);

    await lattice.act('kasm-relay', wasm);
    await lattice.observe('provider', 'legacy-client');
    await lattice.link('kasm-relay', 'legacy-client', 'wasi:http/outgoing-handler');
    await legacy.link('kasm-relay', 'legacy-client', 'wasi:http/outgoing-handler');
    await legacy.provide('legacy-client', 'wasmcloud+builtin://http-client');
  }, 180_000);
  afterAll(() => new Promise((closed) => upstream?.close(closed)));

  it.each(['legacy-relay', 'kasm-relay'])('of the other host sends and streams for %s', async (id) => {
    const { handle } = lattice.caller.target(id, interfaces.http.incomingHandler);
    const relayed = async (to: string, body: Buffer): Promise<{ status: number; body: Buffer }> => {
      const request: interfaces.http.Request = {
        body: inPieces(body),
        trailers: Promise.resolve(undefined),
        method: { tag: 'post' },
        pathWithQuery: `/${to}`,
        scheme: { tag: 'HTTP' },
        authority: 'example.test',
        headers: [],
      };
      const response = await handle(request);
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      return { status: response.status, body: Buffer.concat(chunks) };
    };
    await eventually(async () => {
      const { status, body } = await relayed(authority, Buffer.from('grüße'));
      expect([status, body.toString()]).toEqual([201, 'grüße']);
    });
    const large = Buffer.alloc(2_000_000, 'sent on and back, ');
    const { status, body } = await relayed(authority, large);
    expect([status, digest(body)]).toEqual([201, digest(large)]);
    const none = await relayed('127.0.0.1:1', Buffer.from('nobody listens'));
    expect(none.status).toBe(502);
  });
});

async function* inPieces(body: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536);
}

function digest(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
