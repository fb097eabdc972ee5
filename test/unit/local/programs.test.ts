import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { k3sProgram } from '../../../lib/local/k3s-program';
import { kubernetesPrograms } from '../../../lib/local/kubernetes-programs';
import { writeKubeconfig } from '../../../lib/local/kubeconfig';
import { ownConnection } from '../../../lib/local/own-connection';
import { Pki } from '../../../lib/local/pki';

let dir: string;
let pki: Pki;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-programs-'));
  pki = new Pki(path.join(dir, 'pki'));
});

afterEach(() => rmSync(dir, { recursive: true }));

const plan = () => ({ dir: path.join(dir, 'data'), logDir: path.join(dir, 'logs'), port: 6443, pki });

test('kine, the API server and the controllers: on loopback, each with files that exist', () => {
  const programs = kubernetesPrograms(plan(), { kine: '/k', apiServer: '/a', controllerManager: '/c' });
  expect(programs.map(({ name, command }) => [name, command])).toEqual([
    ['kine', '/k'],
    ['kube-apiserver', '/a'],
    ['kube-controller-manager', '/c'],
  ]);
  const args = programs[1]?.args ?? [];
  expect(args).toEqual(
    expect.arrayContaining(['--bind-address=127.0.0.1', '--secure-port=6443', '--anonymous-auth=false']),
  );
  const files = programs.flatMap(({ args }) => args.filter((arg) => /-file=|kubeconfig=/.test(arg)));
  expect(files.length).toBeGreaterThanOrEqual(6);
  for (const file of files) expect(statSync(file.replace(/^[^=]*=/, '')).mode & 0o777).toBe(0o600);
});

test('k3s: a server that is nothing but an API server, with our authority in place of its own', () => {
  const { command, args } = k3sProgram(plan(), '/usr/local/bin/k3s');
  expect(command).toBe('/usr/local/bin/k3s');
  expect(args[0]).toBe('server');
  expect(args).toEqual(
    expect.arrayContaining([
      '--disable-agent',
      '--bind-address=127.0.0.1',
      '--https-listen-port=6443',
      '--disable=coredns,servicelb,traefik,local-storage,metrics-server',
      '--disable-scheduler',
      '--disable-cloud-controller',
      '--disable-network-policy',
      '--disable-helm-controller',
      `--data-dir=${path.join(dir, 'data', 'k3s')}`,
    ]),
  );
  for (const name of ['client-ca', 'server-ca']) {
    const tls = path.join(dir, 'data', 'k3s', 'server', 'tls');
    expect(readFileSync(path.join(tls, `${name}.crt`), 'utf8')).toBe(pki.ca);
    expect(statSync(path.join(tls, `${name}.key`)).mode & 0o777).toBe(0o600);
  }
});

test('the authority and the service account key outlive a restart; client certificates are new', () => {
  const again = new Pki(path.join(dir, 'pki'));
  expect(again.ca).toBe(pki.ca);
  const key = readFileSync(pki.serviceAccountKey().privateKey, 'utf8');
  expect(readFileSync(again.serviceAccountKey().privateKey, 'utf8')).toBe(key);
  expect(again.client('a').cert).not.toBe(pki.client('a').cert);
});

test('a kubeconfig holds all it needs, for this user only, and reads back as a connection', () => {
  const file = path.join(dir, 'kubeconfig');
  const server = 'https://127.0.0.1:6443';
  writeKubeconfig(file, { server, ca: pki.ca, client: pki.client('ana'), context: 'kasmcloud-default' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
    kind: 'Config',
    'current-context': 'kasmcloud-default',
    contexts: [{ name: 'kasmcloud-default' }],
  });
  const connection = ownConnection(file);
  expect(connection.server.origin).toBe(server);
  connection.close();
});
