import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import * as http from 'node:http';
import path from 'node:path';
import { registry } from '../../lib/base/metrics';
import { UnservedCalls } from '../../lib/host/calls/unserved-calls';
import type { RemoteHandler } from '../../lib/host/http/remote-handler';
import { RemoteHandlers } from '../../lib/host/http/remote-handlers';
import { HttpServerProvider } from '../../lib/host/providers/http-server';
import { interfaces, LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { connect } from '../../lib/provider';
import { eventually } from '../integration/eventually';
import { CallHost } from './call-host';
import { figure } from './serving';

const mebibyte = 1 << 20;
const webLink = { name: 'test/web', target: 'lab', sourceConfig: { address: '127.0.0.1:0' } };
const cleanUp: (() => Promise<unknown>)[] = [];
let elsewhere: CallHost;
let server: HttpServerProvider;
let url: string;
let connection: () => Promise<LatticeConnection>;
let handlers: RemoteHandlers;
const handler = (target: string, waitMs: number): RemoteHandler | undefined =>
  handlers.find({ namespace: 'test', lattice: 'lattice', source: 'web', target, waitMs });

beforeAll(async () => {
  const nats = await startNats({
    dir: mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'nats-')),
  });
  cleanUp.unshift(() => nats.stop());
  connection = async (): Promise<LatticeConnection> => {
    const made = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
    cleanUp.unshift(() => made.close());
    return made;
  };
  elsewhere = new CallHost([], await connection());
  cleanUp.unshift(() => elsewhere.stop());
  await elsewhere.start('lab', 'lab.wat', { limits: { executionTimeMs: 3_000 } });
  const here = await connection();
  const unserved = new UnservedCalls({
    host: 'edge',
    linked: () => [{ namespace: 'test', component: 'lab' }],
  });
  handlers = new RemoteHandlers(() => here, unserved);
  server = new HttpServerProvider({ handler });
  cleanUp.unshift(() => server.stop(0));
  await server.setLinks([webLink]);
  url = server.endpoints()[0] ?? '';
});
afterAll(async () => {
  for (const end of cleanUp) await end();
});

describe('HTTP to a component of another host', () => {
  it('is answered', async () => {
    const response = await fetch(`${url}/e`, { method: 'POST', body: 'over there' });
    expect(await response.text()).toBe('over there');
  });

  it('streams bodies both ways at once', async () => {
    const request = http.request(`${url}/e`, { method: 'POST' });
    const response = new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    request.write('first');
    const parts = (await response)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    expect(String((await parts.next()).value)).toBe('first');
    request.write('second');
    expect(String((await parts.next()).value)).toBe('second');
    request.end();
    expect((await parts.next()).done).toBe(true);
  });

  it('passes 5 MB through unchanged', async () => {
    const body = randomBytes(5 * mebibyte);
    const response = await fetch(`${url}/e`, { method: 'POST', body });
    const echoed = Buffer.from(await response.arrayBuffer());
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(echoed)).toBe(digest(body));
  });

  it.each([
    ['t', 502, 'internal-error'],
    ['n', 502, 'internal-error'],
    ['w', 504, 'HTTP-response-timeout'],
  ])('tells what became of /%s by %d', async (fault, status, reason) => {
    const response = await fetch(`${url}/${fault}`);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(reason);
  });

  it('counts a response with status 500 as a fault of the component, where it runs', async () => {
    const serverErrors = async (): Promise<number> => {
      const { values } = (await registry.getSingleMetric('kasmcloud_actor_calls_total')?.get()) ?? {
        values: [],
      };
      const of = values.filter(({ labels }) => labels['outcome'] === 'ServerError');
      return of.reduce((sum, { value }) => sum + value, 0);
    };
    const before = await serverErrors();
    const response = await fetch(`${url}/x`);
    expect(response.status).toBe(500);
    await response.text();
    expect(await serverErrors()).toBe(before + 1);
  });

  it('lets the component go when the client goes', async () => {
    const request = http.get(`${url}/f`);
    request.on('error', () => undefined);
    const response = await new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    await new Promise((resolve) => response.once('data', resolve));
    request.destroy();
    const actor = elsewhere.actors.find('test', 'lab') as unknown as { inFlight: number };
    while (actor.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await fetch(`${url}/c`)).status).toBe(200);
  });

  it.each([
    ['before its body', []],
    ['in the middle of its body', ['half of ']],
  ])('is cut off, never whole, when the component breaks off %s', async (_, chunks: string[]) => {
    const nats = await connection();
    const peer = await connect({ nats: nats.nats, lattice: 'lattice', id: 'broken' });
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks.map((chunk) => Buffer.from(chunk));
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('trapped');
    };
    peer.serve(interfaces.http.incomingHandler, {
      handle: () => ({ status: 200, headers: [], body: body(), trailers: Promise.resolve(undefined) }),
    });
    const broken = new HttpServerProvider({ handler });
    try {
      await nats.nats.flush();
      await broken.setLinks([
        { name: 'test/broken', target: 'broken', sourceConfig: { address: '127.0.0.1:0' } },
      ]);
      const response = await fetch(broken.endpoints()[0] ?? '');
      // The head was on its way already, as it must be for what streams.
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow('terminated');
    } finally {
      await broken.stop(0);
      await peer.close(0);
    }
  });

  it('is 503 when the component runs nowhere', async () => {
    await elsewhere.remove('lab');
    const response = await fetch(`${url}/c`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.text()).toContain('NoResponders');
    expect(await figure('unserved_calls_total', 'lab')).toBe(1);
  });

  describe('whose link lets it wait', () => {
    const waiting = (count: number): Promise<unknown> =>
      eventually(`${count} wait`, async () => (await figure('unserved_calls_waiting', 'lab')) === count);

    beforeAll(() => server.setLinks([{ ...webLink, waitMs: 120_000 }]));

    it('is let go when the client goes', async () => {
      const client = new AbortController();
      const answer = fetch(`${url}/c`, { signal: client.signal });
      await waiting(1);
      client.abort();
      await expect(answer).rejects.toThrow('aborted');
      await waiting(0);
    });

    it('is answered once the component runs, body and all', async () => {
      const body = randomBytes(mebibyte);
      const answers = [1, 2, 3].map(() => fetch(`${url}/e`, { method: 'POST', body }));
      await waiting(3);
      await elsewhere.start('lab', 'lab.wat');
      for (const answer of answers) {
        const response = await answer;
        expect(response.status).toBe(200);
        expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
      }
      await waiting(0);
      expect(await figure('unserved_calls_total', 'lab')).toBe(5);
    });
  });
});
