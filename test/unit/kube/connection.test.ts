import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeClient, loadConnection } from '../../../lib/kube';
import { FakeApi, type FakeRequest, sendJson, sendStatus } from './fake-api';
import type http from 'node:http';

let dir: string;
let api: FakeApi;
let handle: (request: FakeRequest, response: http.ServerResponse) => void;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-connection-'));
  handle = (_, response) => sendJson(response, 200, {});
  api = await FakeApi.start((request, response) => handle(request, response));
});
afterEach(async () => {
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

function kubeconfig(user: object, server = `${api.connection.server.href}prefix`): string {
  const file = path.join(dir, 'kubeconfig');
  const named = (name: string, rest: object): object => ({ name, ...rest });
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [named('c', { cluster: { server, 'insecure-skip-tls-verify': true } })],
    users: [named('u', { user })],
    contexts: [
      named('one', { context: { cluster: 'c', user: 'u', namespace: 'mine' } }),
      named('two', { context: { cluster: 'c', user: 'u' } }),
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const authorization = (): (string | undefined)[] => api.requests.map(({ headers }) => headers.authorization);

test('server, prefix, namespace and token come from the kubeconfig', async () => {
  const connection = await loadConnection({ kubeconfig: kubeconfig({ token: 't1' }) });
  expect(connection.namespace).toBe('mine');
  await new KubeClient(connection).raw('/readyz');
  expect(api.requests[0]?.url.pathname).toBe('/prefix/readyz');
  expect(authorization()).toEqual(['Bearer t1']);
  connection.close();
  const other = await loadConnection({ kubeconfig: kubeconfig({ token: 't1' }), context: 'two' });
  expect(other.namespace).toBe('default');
});

test('a user and a password are sent as Basic', async () => {
  const connection = await loadConnection({ kubeconfig: kubeconfig({ username: 'u', password: 'p' }) });
  await new KubeClient(connection).raw('/readyz');
  expect(authorization()).toEqual([`Basic ${Buffer.from('u:p').toString('base64')}`]);
  connection.close();
});

test('a token file is read again when the server refuses the old token', async () => {
  const tokenFile = path.join(dir, 'token');
  writeFileSync(tokenFile, 'old\n');
  handle = ({ headers }, response) =>
    headers.authorization === 'Bearer new'
      ? sendJson(response, 200, {})
      : sendStatus(response, 401, 'Unauthorized');
  const connection = await loadConnection({
    kubeconfig: kubeconfig({
      // As a pod's service account.
      'auth-provider': { name: 'tokenFile', config: { tokenFile } },
    }),
  });
  const client = new KubeClient(connection);
  await expect(client.raw('/readyz')).rejects.toMatchObject({ status: 401 });
  writeFileSync(tokenFile, 'new\n');
  // Credentials younger than a second are not read again, so that a server that refuses everything costs nothing.
  const now = jest.spyOn(performance, 'now');
  const real = performance.timeOrigin;
  now.mockImplementation(() => Date.now() - real + 2_000);
  await client.raw('/readyz');
  now.mockRestore();
  expect(authorization().at(-1)).toBe('Bearer new');
  connection.close();
});

test.each<[string, () => string, string | undefined, RegExp]>([
  [
    'a missing file',
    () => '/nowhere/config',
    undefined,
    /Cannot read the kubeconfig \/nowhere\/config: .*ENOENT/,
  ],
  ['an unknown context', () => kubeconfig({}), 'three', /has no context "three"\. It has: one, two/],
  ['a server that is no URL', () => kubeconfig({}, 'nonsense'), undefined, /server "nonsense" is not a URL/],
])('%s is named with the remedy', async (_, file, context, message) => {
  await expect(loadConnection({ kubeconfig: file(), context })).rejects.toThrow(message);
});

test.each([
  ['a key that is none', { 'client-certificate-data': 'Zm9v', 'client-key-data': 'Zm9v' }],
  ['a certificate that is missing', { 'client-certificate': '/nowhere.crt', 'client-key': '/nowhere.key' }],
])('%s is told as one of the user', async (_, user) => {
  const connection = await loadConnection({ kubeconfig: kubeconfig(user, 'https://127.0.0.1:1') });
  await expect(new KubeClient(connection).raw('/readyz')).rejects.toThrow(
    /The kubeconfig's user "u" cannot be used: .*Correct its certificate/,
  );
  connection.close();
});
