import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import * as http from 'node:http';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { log } from '../../lib/base/log';
import { LocalServices, OfferedService } from '../../lib/host/calls/local-services';
import { HttpServerProvider } from '../../lib/host/providers/http-server';
import { OutgoingHttp } from '../../lib/host/providers/outgoing-http';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost } from './call-host';
import { upstream } from './serving';

const namespace = 'test';
const link: WasmCloudLink = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: 'handler-to-client', namespace },
  spec: {
    source: 'handler',
    target: 'client',
    wit: { namespace: 'wasi', package: 'http', interfaces: ['outgoing-handler'] },
  },
};
const config = { sourceConfig: {}, targetConfig: { allowed_addresses: '127.0.0.1' } };
const cleanUp: (() => unknown)[] = [];
const elsewhere = new LocalServices();
const client = new OfferedService(new OutgoingHttp(log).service);
let url: string;

beforeAll(async () => {
  const nats = await startNats({
    dir: mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'nats-')),
  });
  cleanUp.unshift(() => nats.stop());
  const connection = async (): Promise<LatticeConnection> => {
    const made = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
    cleanUp.unshift(() => made.close());
    return made;
  };
  client.setLinks([{ link, config }]);
  elsewhere.attach(await connection());
  elsewhere.add(namespace, 'client', 'lattice', client);
  const host = new CallHost([link], await connection());
  cleanUp.unshift(() => host.stop());
  const actor = await host.start('handler', 'handler.ts');
  const server = new HttpServerProvider({ handler: () => actor });
  cleanUp.unshift(() => server.stop(0));
  await server.setLinks([{ name: 'test/web', target: 'handler', sourceConfig: { address: '127.0.0.1:0' } }]);
  url = server.endpoints()[0] ?? '';
}, 180_000);
afterAll(async () => {
  for (const step of cleanUp) await step();
});

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('A component whose HTTP client runs on another host', () => {
  it('streams bodies both ways', async () => {
    const server = await upstream((request, response) => void request.pipe(response));
    const body = randomBytes(5 << 20);
    const response = await fetch(`${url}/fetch?${server.authority}`, { method: 'POST', body });
    expect(digest(Buffer.from(await response.arrayBuffer()))).toBe(digest(body));
    server.stop();
  });

  it('is told why a request failed', async () => {
    const response = await fetch(`${url}/fetch?127.0.0.2:1`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ tag: 'destination-IP-prohibited' });
  });

  it('ends its request when its own client goes', async () => {
    let begun: () => void = () => undefined;
    let ended: () => void = () => undefined;
    const begins = new Promise<void>((resolve) => (begun = resolve));
    const ends = new Promise<void>((resolve) => (ended = resolve));
    const server = await upstream((request, response) => {
      response.on('close', ended);
      request.resume();
      const more = setInterval(() => response.write(Buffer.alloc(65_536)), 10);
      response.on('close', () => clearInterval(more));
    });
    const request = http.request(`${url}/fetch?${server.authority}`, { method: 'POST' });
    request.on('error', () => undefined);
    request.on('response', (response) => response.once('data', () => begun()));
    request.end('x');
    await begins;
    request.destroy();
    await ends;
    server.stop();
  });

  it('is told when nobody serves its client', async () => {
    await elsewhere.remove(namespace, 'client', client, 0);
    const response = await fetch(`${url}/fetch?127.0.0.1:1`, { method: 'POST', body: 'x' });
    expect(await response.text()).toContain('nobody in the lattice serves that');
  });
});
