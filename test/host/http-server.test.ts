import * as http from 'node:http';
import { connect } from 'node:net';
import { CallError } from '../../lib/host/call-error';
import {
  HttpServerProvider,
  type HttpHandler,
  type HttpServerLink,
} from '../../lib/host/providers/http-server';

const link = (name: string, config: Record<string, string>): HttpServerLink => ({
  name,
  target: name,
  sourceConfig: { address: '127.0.0.1:0', ...config },
});

/** Answers with the name of the component that was asked for. */
const named = (target: string): HttpHandler => ({
  async handleHttp(_request, response) {
    response.end(target);
  },
});

describe('The built-in HTTP server', () => {
  let server: HttpServerProvider;
  afterEach(() => server.stop(0));

  const start = (
    links: HttpServerLink[],
    handler: (target: string) => HttpHandler | undefined = named,
    config = {},
  ): Promise<void> => {
    server = new HttpServerProvider({ handler, config });
    return server.setLinks(links);
  };
  const url = (): string => server.endpoints()[0] ?? '';

  it('hands every request of an address to the linked component', async () => {
    await start([link('a', {})]);
    expect(await (await fetch(`${url()}/any/path`)).text()).toBe('a');
  });

  it('routes by path where its configuration says so', async () => {
    await start([link('a', { path: '/a' }), link('b', { path: '/b' })], named, { routing_mode: 'path' });
    expect(await (await fetch(`${url()}/b?x=1`)).text()).toBe('b');
    expect((await fetch(`${url()}/c`)).status).toBe(404);
  });

  it('routes by host where its configuration says so', async () => {
    await start([link('a', { host: 'a.test' }), link('b', { host: 'B.test' })], named, {
      routing_mode: 'host',
    });
    expect(await get(url(), { host: 'b.test' })).toMatchObject({ status: 200, body: 'b' });
    expect(await get(url(), { host: 'c.test' })).toMatchObject({ status: 404 });
  });

  it('says that a component is not running, and when to come again', async () => {
    await start([link('a', {})], () => undefined);
    const response = await fetch(url());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  });

  it.each([
    ['Trapped', 500],
    ['NoResponse', 500],
    ['DeadlineExceeded', 504],
    ['Overloaded', 503],
    ['WorkerLost', 503],
  ] as const)('answers %s with %d, without its details', async (reason, status) => {
    const handleHttp = async (): Promise<void> => {
      throw new CallError(reason, 'a secret of the component');
    };
    await start([link('a', {})], () => ({ handleHttp }));
    const response = await fetch(url());
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('secret');
  });

  it('names the address that is in use, and listens once it is free', async () => {
    const other = http.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(other.address() as { port: number }).port}`;
    const links = [link('taken', { address }), link('free', {})];
    const started = start(links);
    await expect(started).rejects.toMatchObject({ reason: 'AddressInUse' });
    await expect(started).rejects.toThrow(address);
    expect(server.endpoints()).toHaveLength(1);
    await new Promise((resolve) => other.close(resolve));
    await server.setLinks(links);
    expect(await (await fetch(`http://${address}`)).text()).toBe('taken');
  });

  it.each(['8080', 'host:80', '127.0.0.1:99999', '', 'http://127.0.0.1:80'])(
    'refuses the address %j by name',
    async (address) => {
      const started = start([link('wrong', { address }), link('right', {})]);
      await expect(started).rejects.toMatchObject({ reason: 'InvalidLinkConfig' });
      await expect(started).rejects.toThrow('link wrong: sourceConfig.address');
      expect(server.endpoints()).toHaveLength(1);
    },
  );

  it('gives an address to the first of two links that claim it', async () => {
    const started = start([link('first', {}), link('second', {})]);
    await expect(started).rejects.toMatchObject({ reason: 'RouteConflict' });
    await expect(started).rejects.toThrow(/first and second/);
    expect(await (await fetch(url())).text()).toBe('first');
  });

  it('changes what is behind an address without a gap', async () => {
    await start([link('a', {})]);
    const before = url();
    await server.setLinks([{ ...link('a', {}), target: 'b' }]);
    expect(url()).toBe(before);
    expect(await (await fetch(before)).text()).toBe('b');
  });

  it('lets requests of a removed address end', async () => {
    let finish = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      const handleHttp = (_: http.IncomingMessage, response: http.ServerResponse): Promise<void> =>
        new Promise((done) => {
          finish = () => {
            response.end('ended well');
            done();
          };
          resolve();
        });
      void start([link('slow', {})], () => ({ handleHttp })).then(() => {
        answer = fetch(url()).then((response) => response.text());
      });
    });
    let answer: Promise<string> | undefined;
    await reached;
    const endpoint = url();
    await server.setLinks([]);
    expect(server.endpoints()).toEqual([]);
    const refused = (): Promise<boolean> =>
      fetch(endpoint).then(
        () => false,
        () => true,
      );
    while (!(await refused())) await new Promise((resolve) => setTimeout(resolve, 10));
    finish();
    expect(await answer).toBe('ended well');
  });

  it('cuts a client that does not finish its headers', async () => {
    await start([link('a', {})]);
    const { port } = new URL(url());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nx-slow: ');
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(answer).toContain('408');
  });

  it('refuses headers beyond its bound', async () => {
    await start([link('a', {})]);
    expect(await get(url(), { 'x-large': 'x'.repeat(40_000) })).toMatchObject({ status: 431 });
  });
});

function get(url: string, headers: http.OutgoingHttpHeaders): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
  });
}
