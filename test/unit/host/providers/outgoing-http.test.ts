import { mkdtempSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Limits } from '../../../../lib/host/providers/outgoing-exchange';
import { OutgoingHttp } from '../../../../lib/host/providers/outgoing-http';
import { log } from '../../../../lib/base/log';
import { interfaces } from '../../../../lib/lattice';
import { createAuthority, issue } from '../../../../lib/local/certificate';

type Request = interfaces.http.Request;
type Response = interfaces.http.Response;

const client = new OutgoingHttp(log);
const servers: (http.Server | https.Server)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listening(server: http.Server | https.Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const upstream = (answer: http.RequestListener): Promise<string> => listening(http.createServer(answer));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encode(text);
}
const request = (authority: string, more: Partial<Request> = {}): Request => ({
  body: parts(),
  trailers: Promise.resolve(undefined),
  method: { tag: 'get' },
  pathWithQuery: '/',
  scheme: { tag: 'HTTP' },
  authority,
  headers: [],
  ...more,
});
const loopback = { allowed_addresses: '127.0.0.1' };

interface Sending {
  readonly settings?: Record<string, string>;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
}
const send = async (
  request: Request,
  { settings = loopback, limits, signal = new AbortController().signal }: Sending = {},
): Promise<Response> => {
  const context = {
    source: 'cart',
    linkName: 'default',
    sourceConfig: {},
    targetConfig: settings,
    signal,
  };
  const { id } = interfaces.http.outgoingHandler;
  return (await client.service.call(id, 'handle', [request, limits], context)) as Response;
};
const text = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const code = (tag: string): object => ({ payload: expect.objectContaining({ tag }) as object });

it('sends bodies and trailers and gives those of the response', async () => {
  const authority = await upstream((request, response) => {
    response.setHeader('trailer', 'x-sum');
    request.on('data', (chunk: Buffer) => response.write(chunk));
    request.on('end', () => {
      response.addTrailers({ 'x-sum': String(request.trailers['x-check']) });
      response.end();
    });
  });
  const trailers = Promise.resolve([['x-check', [encode('42')]] as [string, Uint8Array[]]]);
  const response = await send(
    request(authority, { method: { tag: 'post' }, body: parts('a', 'b'), trailers }),
  );
  expect(response.status).toBe(200);
  expect(await text(response)).toBe('ab');
  expect(await response.trailers).toEqual([['x-sum', [encode('42')]]]);
});

it('frames requests by what they declare, and passes no header of the connection on', async () => {
  const authority = await upstream((request, response) => {
    response.end(JSON.stringify({ ...request.headers, method: request.method }));
  });
  const seen = async (more: Partial<Request>): Promise<Record<string, string>> =>
    JSON.parse(await text(await send(request(authority, more)))) as Record<string, string>;
  const get = await seen({ headers: [['te', [encode('gzip')]]] });
  expect(get).toMatchObject({ host: authority, 'user-agent': 'kasmcloud-http-client' });
  expect(get).not.toHaveProperty('transfer-encoding');
  expect(get).not.toHaveProperty('te');
  const declared = await seen({
    method: { tag: 'put' },
    headers: [['content-length', [encode('2')]]],
    body: parts('ab'),
  });
  expect(declared['content-length']).toBe('2');
  expect(await seen({ method: { tag: 'delete' }, body: parts('x') })).toMatchObject({
    'transfer-encoding': 'chunked',
  });
});

it.each(['1', '3'])('sends no body of another length than its headers declare (%s)', async (length) => {
  const authority = await upstream((request) => request.resume());
  const headers: Request['headers'] = [['content-length', [encode(length)]]];
  await expect(
    send(request(authority, { method: { tag: 'post' }, headers, body: parts('a', 'b') })),
  ).rejects.toMatchObject(code('HTTP-request-body-size'));
});

it('reads no more of a response than its reader takes', async () => {
  let written = 0;
  const authority = await upstream((_, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536))) written += 65_536;
      response.once('drain', more);
    };
    more();
  });
  const response = await send(request(authority));
  const body = response.body[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>;
  await body.next();
  const settled = async (before = -1): Promise<void> => {
    if (written === before) return;
    const now = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return settled(now);
  };
  await settled();
  expect(written).toBeLessThan(32 << 20);
  await body.return(undefined);
});

describe('time limits', () => {
  const ms = (value: number): bigint => BigInt(value) * 1_000_000n;

  it('names what took too long', async () => {
    const silent = await upstream(() => undefined);
    await expect(send(request(silent), { limits: { firstByteTimeout: ms(50) } })).rejects.toMatchObject(
      code('connection-read-timeout'),
    );
    const halting = await upstream((_, response) => response.write('first'));
    const response = await send(request(halting), { limits: { betweenBytesTimeout: ms(50) } });
    await expect(text(response)).rejects.toMatchObject(code('connection-read-timeout'));
    await expect(response.trailers).rejects.toMatchObject(code('connection-read-timeout'));
  });
});

it('ends the request when its caller has gone', async () => {
  const ended = new Promise<void>((resolve) => {
    void upstream((request) => request.on('close', resolve)).then(async (authority) => {
      const gone = new AbortController();
      const sent = send(request(authority), { signal: gone.signal });
      setTimeout(() => gone.abort(), 50);
      await expect(sent).rejects.toMatchObject(code('connection-terminated'));
    });
  });
  await ended;
});

it('says that a response broke off', async () => {
  const authority = await upstream((_, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(text(await send(request(authority)))).rejects.toMatchObject(code('HTTP-response-incomplete'));
});

it.each<[string, Partial<Request>]>([
  ['HTTP-request-URI-invalid', { scheme: { tag: 'other', val: 'ftp' } }],
  ['HTTP-request-URI-invalid', { authority: 'user:secret@127.0.0.1' }],
  ['HTTP-request-URI-invalid', { authority: '127.0.0.1/path' }],
  ['HTTP-request-method-invalid', { method: { tag: 'connect' } }],
  ['connection-refused', { authority: '127.0.0.1:1' }],
  ['DNS-error', { authority: 'nowhere.invalid' }],
])('names a failure: %s', async (tag, more) => {
  const failing = send(request('127.0.0.1:1', more));
  // Whoever resolves names for a sandbox without a network says to try again.
  await expect(failing).rejects.toMatchObject({
    payload: expect.objectContaining({
      tag: expect.stringMatching(tag === 'DNS-error' ? /^DNS-/ : tag) as string,
    }) as object,
  });
});

describe('where a link lets its component go', () => {
  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '[::1]',
    '0.0.0.0',
    '169.254.169.254',
    '[::ffff:127.0.0.1]',
    'localhost',
  ])('guards %s unless it is allowed', async (authority) => {
    await expect(send(request(authority), { settings: {} })).rejects.toMatchObject(
      code('destination-IP-prohibited'),
    );
  });

  it('keeps to the hosts that are listed', async () => {
    const authority = await upstream((_, response) => response.end('here'));
    const to = (hosts: string): Promise<Response> =>
      send(request(authority), { settings: { ...loopback, allowed_hosts: hosts } });
    await expect(to('*.example.org, example.org')).rejects.toMatchObject(code('HTTP-request-denied'));
    await expect(to('127.0.0.1:1')).rejects.toMatchObject(code('HTTP-request-denied'));
    expect(await text(await to('example.org,127.0.0.1'))).toBe('here');
    expect(await text(await to(authority))).toBe('here');
  });

  it.each([
    [{ allowed_host: 'x' }, 'allowed_host: is no setting here. did you mean allowed_hosts?'],
    [{ allowed_hosts: 'http://x' }, 'allowed_hosts: "http://x" is no host'],
    [{ allowed_addresses: '10.0.0.0/33' }, 'allowed_addresses: "10.0.0.0/33" is no address'],
  ])('refuses %j', (settings, message) => {
    expect(() => client.judge(settings as unknown as Record<string, string>)).toThrow(message);
  });
});

it('trusts the authorities that it is configured with, and says when a certificate is of no other', async () => {
  const authority = createAuthority('test', 1);
  const server = issue(authority, 'test', { commonName: 'server', hosts: ['127.0.0.1'], validDays: 1 });
  const address = await listening(https.createServer(server, (_, response) => response.end('safe')));
  const secure = request(address, { scheme: { tag: 'HTTPS' } });
  await expect(send(secure)).rejects.toMatchObject(code('TLS-certificate-error'));
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'kasmcloud-ca-')), 'ca.crt');
  writeFileSync(file, authority.cert);
  client.configure({ ssl_certs_file: file, load_native_certs: 'false' });
  expect(await text(await send(secure))).toBe('safe');
  expect(() => client.configure({ ssl_certs_file: '/nowhere' })).toThrow(
    'ssl_certs_file: "/nowhere" cannot be read',
  );
  client.configure({});
  await expect(send(secure)).rejects.toMatchObject(code('TLS-certificate-error'));
});
