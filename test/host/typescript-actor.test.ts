import * as http from 'node:http';
import { Serving, upstream } from './serving';

describe('An actor written in TypeScript', () => {
  let actor: Serving;
  beforeAll(async () => {
    const spec = { instances: 4, config: { greeting: 'hello', other: '2' } };
    actor = await Serving.start('handler.ts', spec, true, { allowed_addresses: '127.0.0.1' });
  }, 180_000);
  afterAll(() => actor?.stop());

  it('sees the request as it was sent, without the headers of the connection', async () => {
    const response = await actor.get('/request?a=b', { method: 'PATCH', headers: { 'x-one': '1' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-twice')).toBe('one, two');
    const seen = (await response.json()) as { headers: [string, string][] };
    expect(seen).toMatchObject({
      method: { tag: 'patch' },
      target: '/request?a=b',
      scheme: { tag: 'HTTP' },
      authority: new URL(actor.url).host,
    });
    const names = seen.headers.map(([name]) => name);
    expect(names).toContain('x-one');
    expect(names).not.toContain('host');
    expect(names).not.toContain('connection');
  });

  it('reads trailers and sends them', async () => {
    const request = http.request(`${actor.url}/trailers`, {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked', trailer: 'x-checksum' },
    });
    request.write('12345');
    request.addTrailers({ 'x-checksum': 'abc' });
    request.end();
    const response = await new Promise<http.IncomingMessage>((resolve) => request.on('response', resolve));
    let body = '';
    for await (const chunk of response) body += String(chunk);
    expect(body).toBe('5');
    expect(response.trailers).toEqual({ 'x-checksum': 'abc' });
  });

  it('reads its configuration, and sees a change without a restart', async () => {
    const read = async (): Promise<unknown> => JSON.parse(await actor.text('/config'));
    expect(await read()).toEqual({
      greeting: 'hello',
      all: [
        ['greeting', 'hello'],
        ['other', '2'],
      ],
    });
    actor.actor.configure({ greeting: 'changed' });
    expect(await read()).toEqual({ greeting: 'changed', all: [['greeting', 'changed']] });
  });

  it('logs through console and wasi:logging', async () => {
    await actor.get('/log');
    expect(actor.lines).toContainEqual(expect.objectContaining({ level: 30, msg: 'said with console.log' }));
    expect(actor.lines).toContainEqual(
      expect.objectContaining({ level: 40, context: 'testing', msg: 'said with wasi:logging' }),
    );
  });

  it('has nothing of Node in its globals', async () => {
    expect(await actor.text('/environment')).toBe('[]');
  });

  it('is refused headers that are not its to set', async () => {
    expect(await actor.text('/forbidden')).toBe('forbidden invalid-syntax invalid-syntax');
  });

  it('loses only the instance when it throws', async () => {
    expect((await actor.get('/throw')).status).toBe(500);
    expect(await actor.text('/')).toBe('hello from typescript\n');
  });

  it('makes requests of its own, streaming what it is sent and what it is answered', async () => {
    const server = await upstream((request, response) => {
      response.writeHead(203, { 'x-path': request.url ?? '' });
      request.pipe(response);
    });
    const body = Buffer.alloc(1 << 20, 'abcdef');
    const response = await actor.get(`/fetch?${server.authority}`, { method: 'POST', body });
    expect(response.status).toBe(203);
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    server.stop();
  });

  it('learns why a request of its own failed', async () => {
    const server = await upstream(() => undefined);
    server.stop();
    const response = await actor.get(`/fetch?${server.authority}`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ tag: 'connection-refused' });
  });

  it('is told to be linked before it may make requests', async () => {
    const unlinked = await Serving.start('handler.ts', { id: 'unlinked' });
    const response = await unlinked.get('/fetch?127.0.0.1:1', { method: 'POST', body: 'x' });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('no WasmCloudLink with source unlinked, package wasi:http');
    await unlinked.stop();
  });
});
