import { mkdtempSync, readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import path from 'node:path';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { HttpServerProvider } from '../../lib/host/providers/http-server';
import { parseSettings } from '../../lib/host/providers/http-settings';
import { Pki } from '../../lib/local/pki';
import { CallHost } from './call-host';

let dir: string;
let pki: Pki;
let host: CallHost;
let lab: ActorRuntime;
let server: HttpServerProvider;

beforeAll(async () => {
  dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'settings-'));
  pki = new Pki(dir);
  host = new CallHost([]);
  lab = await host.start('lab', 'lab.wat');
});
afterEach(() => server?.stop(0));
afterAll(() => host.stop());

async function serve(sourceConfig: Record<string, string>, config = {}): Promise<string> {
  server = new HttpServerProvider({ handler: () => lab, config });
  await server.setLinks([
    { name: 'ns/link', target: 'lab', sourceConfig: { address: '127.0.0.1:0', ...sourceConfig } },
  ]);
  return server.endpoints()[0] ?? '';
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

function ask(url: string, options: https.RequestOptions = {}, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sent = request(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

it('speaks TLS with a certificate of a Secret, and with the next one without a new listener', async () => {
  const [first, second] = ['first', 'second'].map((name) => {
    const { cert, key } = pki.serverFiles(name, ['127.0.0.1']);
    return { 'tls.crt': readFileSync(cert, 'utf8'), 'tls.key': readFileSync(key, 'utf8') };
  });
  const url = await serve(first!);
  expect(url).toMatch(/^https:/);
  const agent = new https.Agent({ keepAlive: false });
  const echo = { method: 'POST', ca: pki.ca, agent };
  expect(await ask(`${url}/e`, echo, 'secret')).toMatchObject({ status: 200, text: 'secret' });
  await server.setLinks([
    { name: 'ns/link', target: 'lab', sourceConfig: { address: '127.0.0.1:0', ...second } },
  ]);
  expect(server.endpoints()).toEqual([url]);
  expect(await ask(`${url}/e`, echo, 'secret')).toMatchObject({ status: 200, text: 'secret' });
  await expect(ask(url.replace('https:', 'http:'))).rejects.toThrow();
});

it('speaks TLS with files of the host', async () => {
  const { cert, key } = pki.serverFiles('web', ['127.0.0.1']);
  const url = await serve({ tls_cert_file: cert, tls_priv_key_file: key });
  expect(await ask(`${url}/c`, { ca: pki.ca })).toMatchObject({ status: 200 });
});

it('ends a wait for the component after timeout_ms, and serves on', async () => {
  const url = await serve({ timeout_ms: '300' });
  expect(await ask(`${url}/w`)).toMatchObject({
    status: 408,
    text: expect.stringContaining('300 ms') as string,
  });
  expect(await ask(`${url}/c`)).toMatchObject({ status: 200 });
});

it('sends cache_control, and takes only reads in readonly_mode', async () => {
  const url = await serve({ CACHE_CONTROL: 'max-age=60', readonly_mode: 'true' });
  const read = await ask(`${url}/c`);
  expect([read.status, read.headers['cache-control']]).toEqual([200, 'max-age=60']);
  const write = await ask(`${url}/e`, { method: 'POST' }, 'body');
  expect([write.status, write.text]).toEqual([405, 'only GET and HEAD allowed in read-only mode\n']);
});

it.each([
  ['true', 'close'],
  ['false', 'keep-alive'],
])('with disable_keepalive %s says connection: %s', async (disable_keepalive, connection) => {
  const url = await serve({ cache_control: 'no-store', disable_keepalive });
  const agent = new http.Agent({ keepAlive: true });
  expect((await ask(`${url}/c`, { agent })).headers).toMatchObject({ connection });
  agent.destroy();
});

it('bounds the size of a body', async () => {
  const url = await serve({ max_body_bytes: '1Ki' });
  expect(await ask(`${url}/e`, { method: 'POST' }, 'x'.repeat(1024))).toMatchObject({ status: 200 });
  expect(await ask(`${url}/e`, { method: 'POST', headers: { 'content-length': 1025 } })).toMatchObject({
    status: 413,
  });
  const chunked = { method: 'POST', headers: { 'transfer-encoding': 'chunked' } };
  expect(await ask(`${url}/e`, chunked, 'x')).toMatchObject({ status: 411 });
});

describe('CORS', () => {
  const preflight = (origin: string): http.RequestOptions => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT' },
  });

  it('is left to the component unless it is configured', async () => {
    const url = await serve({});
    const { headers } = await ask(`${url}/c`, { headers: { origin: 'https://a.test' } });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('lets the origins of the link use the responses', async () => {
    const url = await serve({
      cors_allowed_origins: '["https://a.test", "https://b.test/"]',
      cors_allowed_methods: '["PUT"]',
      cors_exposed_headers: '["x-total"]',
      cors_max_age_secs: '60',
    });
    const asked = await ask(url, preflight('https://b.test'));
    expect(asked).toMatchObject({
      status: 200,
      text: '',
      headers: {
        'access-control-allow-origin': 'https://b.test',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'accept,accept-language,content-type,content-language',
        'access-control-max-age': '60',
        vary: 'origin',
      },
    });
    const used = await ask(`${url}/c`, { headers: { origin: 'https://a.test' } });
    expect(used.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.test',
      'access-control-expose-headers': 'x-total',
    });
    const stranger = await ask(`${url}/c`, { headers: { origin: 'https://c.test' } });
    expect(stranger.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('lets everybody in where no origin is named', async () => {
    const url = await serve({ cors_allowed_methods: '["GET"]' });
    const { headers } = await ask(`${url}/c`, { headers: { origin: 'https://c.test' } });
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

it('takes settings for all links from the provider', async () => {
  const url = await serve({ path: '/c' }, { routing_mode: 'path', cache_control: 'no-store' });
  expect((await ask(`${url}/c`)).headers['cache-control']).toBe('no-store');
});

it.each([
  [{ tls_cert_file: '/a.crt' }, 'tls_priv_key_file is missing'],
  [
    { tls_cert_file: '/absent.crt', tls_priv_key_file: '/absent.key' },
    'tls_cert_file /absent.crt cannot be read: ENOENT',
  ],
  [{ 'tls.crt': 'no', 'tls.key': 'no' }, 'tls.crt and tls.key are no certificate with its key'],
  [{ timeout_ms: '0' }, 'timeout_ms is "0"'],
  [{ readonly_mode: 'perhaps' }, 'readonly_mode is "perhaps"'],
  [{ cache_control: 'a\r\nb: c' }, 'cache_control is'],
  [{ cors_allowed_origins: '["a.test"]' }, 'cors_allowed_origins is'],
  [{ cors_allowed_methods: 'GET' }, 'cors_allowed_methods is "GET"'],
  [{ cors_allowed_headers: '["a b"]' }, 'cors_allowed_headers is'],
  [{ max_body_bytes: 'much' }, 'max_body_bytes is "much"'],
  [{ config_json: '{}' }, 'config_json is set'],
])('refuses %j', (values, message) => {
  expect(() => parseSettings('link a: sourceConfig.', values)).toThrow(`link a: sourceConfig.${message}`);
});
