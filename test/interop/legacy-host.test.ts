import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { npmTools } from '../../lib/local/npm-tools';
import { type Provider, connect, interfaces, wit } from '../../lib/provider';
import { LegacyHost } from './legacy-host';

const lattice = 'interop';
const calls = wit.iface('kasm:interop/calls@0.1.0', {
  echo: wit.func([['text', wit.string]], wit.string),
  recall: wit.func([['key', wit.string]], wit.result(wit.list(wit.u8), wit.string)),
});

let host: LegacyHost;
let tools: string;
let providers: Provider[];

beforeAll(async () => {
  [host, tools] = await Promise.all([LegacyHost.start(lattice), npmTools('wasm')]);
}, 3_600_000);
afterAll(() => host.stop());
beforeEach(() => (providers = []));
afterEach(() => Promise.all(providers.map((provider) => provider.close(0))));

async function join(id: string): Promise<Provider> {
  const provider = await connect({ nats: host.connection.nats, lattice, id });
  providers.push(provider);
  return provider;
}

/** Runs a component on the legacy host, built by the script that knows its world. */
async function run(id: string, builder: string, source: string): Promise<void> {
  const wasm = path.join(host.dir, `${id}.wasm`);
  await promisify(execFile)(process.execPath, [path.join(__dirname, builder), tools, source, wasm]);
  await host.run(id, wasm);
}

describe('a component with an interface of its own', () => {
  beforeAll(async () => {
    await host.link('calls', 'kv', 'wasi:keyvalue/store');
    await run('calls', 'fixtures/build.mjs', 'calls');
  });

  it('answers our calls, of all sizes', async () => {
    const target = (await join('caller')).target('calls', calls);
    await expect(target.echo('grüße')).resolves.toBe('grüße');
    const large = 'x'.repeat(1_500_000);
    await expect(target.echo(large)).resolves.toHaveLength(large.length);
    const many = await Promise.all(Array.from({ length: 50 }, (_, at) => target.echo(`call ${at}`)));
    expect(many).toEqual(Array.from({ length: 50 }, (_, at) => `call ${at}`));
  });

  it('is told by its absence that a function does not exist', async () => {
    const absent = wit.iface('kasm:interop/calls@0.1.0', { absent: wit.func([]) });
    const target = (await join('caller')).target('calls', absent);
    await expect(target.absent()).rejects.toMatchObject({ reason: 'NoResponders' });
  });

  it('calls the key-value store that we serve', async () => {
    const asked: unknown[] = [];
    (await join('kv')).serve(interfaces.keyvalue.store, {
      get: (bucket, key, context) => {
        asked.push([bucket, key, context.source, context.linkName]);
        return key === 'known' ? Buffer.from('value') : undefined;
      },
    });
    await host.connection.nats.flush();
    const target = (await join('caller')).target('calls', calls);
    await expect(target.recall('known')).resolves.toEqual(Uint8Array.from(Buffer.from('value')));
    await expect(target.recall('unknown')).rejects.toMatchObject({ name: 'WitError', payload: 'missing' });
    expect(asked).toEqual([
      ['', 'known', 'calls', 'default'],
      ['', 'unknown', 'calls', 'default'],
    ]);
  });
});

describe('a component that answers HTTP', () => {
  beforeAll(async () => {
    await run('web', '../host/build-component.mjs', path.join(__dirname, '../host/fixtures/lab.wat'));
  });

  const request = (pathWithQuery: string, body: AsyncIterable<Uint8Array>): interfaces.http.Request => ({
    body,
    trailers: Promise.resolve(undefined),
    method: { tag: 'post' },
    pathWithQuery,
    scheme: { tag: 'HTTP' },
    authority: 'example.test',
    headers: [['content-type', [Buffer.from('text/plain')]]],
  });

  it('streams megabytes both ways', async () => {
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 750; at++) {
        const chunk = Buffer.alloc(4000, `chunk ${at} `);
        sent.update(chunk);
        yield chunk;
      }
    }
    const target = (await join('caller')).target('web', interfaces.http.incomingHandler);
    const response = await target.handle(request('/e', body()));
    expect(response.status).toBe(200);
    for await (const chunk of response.body) received.update(chunk);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    await expect(response.trailers).resolves.toBeUndefined();
  });

  it('tells that it trapped', async () => {
    const target = (await join('caller')).target('web', interfaces.http.incomingHandler);
    const none = (async function* (): AsyncGenerator<Uint8Array> {})();
    await expect(target.handle(request('/t', none))).rejects.toThrow();
  });
});
