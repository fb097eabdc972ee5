import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { App, Testing } from 'cdk8s';
import { Secret } from 'cdk8s-plus-27';
import {
  Actor,
  ClusterPlatform,
  Distribution,
  Lattice,
  MinimalPlatform,
  Nats,
  PlatformApp,
  Provider,
} from '../../constructs';
import { natsConfig, natsPaths } from '../../constructs/platform/nats-config';
import { Pki } from '../../lib/local/pki';
import { tool } from '../../lib/local/tool';
import { eventually } from './cluster';

const run = promisify(execFile);
const images = {
  kasmcloud: 'registry.example.com/kasmcloud:0.1.0',
  nats: 'registry.example.com/nats:2.11-alpine',
  k3s: 'registry.example.com/rancher/k3s:v1.33.5-k3s1',
};
let kubectlPath: string;
let out: string;

beforeAll(async () => {
  kubectlPath = await tool('kubectl');
});
beforeEach(() => {
  out = mkdtempSync(path.join(tmpdir(), 'kasmcloud-platform-'));
});
afterEach(() => rmSync(out, { recursive: true }));
afterAll(async () => {
  // Not kasmcloud-system itself: other tests have their Leases there.
  const kinds = 'statefulset,deployment,daemonset,service,configmap,networkpolicy,poddisruptionbudget';
  await kubectl('delete', kinds, '-n', 'kasmcloud-system', '-l', 'app.kubernetes.io/managed-by=kasmcloud');
  await kubectl('delete', 'namespace', '--wait=false', 'platform-shop', 'platform-edge');
});

async function kubectl(...args: string[]): Promise<string> {
  const config = process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '';
  const { stdout } = await run(kubectlPath, ['--kubeconfig', config, ...args]);
  return stdout;
}

/** Applies what was written, each object judged by the API server, and again; returns how many there are. */
async function applyTwice(): Promise<number> {
  const versions = async (): Promise<string[]> => {
    const { items } = JSON.parse(await kubectl('get', '-f', out, '-o', 'json')) as {
      items: { kind: string; metadata: { name: string; generation?: number; resourceVersion: string } }[];
    };
    // Controllers write the status of what has a generation.
    return items.map(({ kind, metadata }) =>
      [kind, metadata.name, metadata.generation ?? metadata.resourceVersion].join(' '),
    );
  };
  await kubectl('apply', '--validate=strict', '-f', out);
  const before = await versions();
  await kubectl('apply', '--validate=strict', '-f', out);
  expect(await versions()).toEqual(before);
  return before.length;
}

test('a platform and its lattice apply in one go, strictly, and a second time without a change', async () => {
  const app = new PlatformApp({ outdir: out, argoSyncWaves: true });
  const lattice = new Lattice(app, 'platform-shop');
  const platform = new ClusterPlatform(app, 'platform', {
    image: images.kasmcloud,
    nats: {
      image: images.nats,
      leafNodes: true,
      maxPayload: 8_388_608,
      // Their names alone reach the API server.
      tls: Secret.fromSecretName(lattice, 'NatsTls', 'nats-tls'),
      clusterTls: Secret.fromSecretName(lattice, 'NatsClusterTls', 'nats-cluster-tls'),
      accounts: Secret.fromSecretName(lattice, 'NatsAccounts', 'nats-accounts'),
      hostLogin: { seed: Secret.fromSecretName(lattice, 'NatsHost', 'nats-host') },
      leafRemotes: [
        {
          urls: ['tls://hub.example.com:7422'],
          credentials: Secret.fromSecretName(lattice, 'Hub', 'nats-hub'),
        },
      ],
    },
    hosts: { labels: { tier: 'edge' }, nodeSelector: { 'topology.kubernetes.io/zone': 'eu-1' } },
  }).grantLattice(lattice);
  const cart = new Distribution(lattice, 'cart', { actor: { image: 'registry.example.com/cart:1.4.0' } })
    .spread('edge', { matchLabels: { tier: 'edge' } })
    .rollingUpdate();
  new Actor(lattice, 'desk', { image: 'registry.example.com/desk:1.0.0' });
  Provider.httpServer(lattice, 'http').linkTo(cart, { wit: 'wasi:http/incoming-handler' });
  app.synth();
  expect(platform.hosts.lattices).toEqual(['platform-shop']);
  expect(readdirSync(out)).toEqual([
    '0000-platform-crds.k8s.yaml',
    '0001-platform-system.k8s.yaml',
    '0002-platform-shop.k8s.yaml',
    'Kustomization',
  ]);
  expect(await applyTwice()).toBeGreaterThanOrEqual(40);

  const bound = await kubectl(
    'auth',
    'can-i',
    'watch',
    'secrets',
    '-n',
    'platform-shop',
    '--as=system:serviceaccount:kasmcloud-system:host',
  );
  expect(bound.trim()).toBe('yes');
  await expect(
    kubectl(
      'auth',
      'can-i',
      'watch',
      'secrets',
      '-n',
      'default',
      '--as=system:serviceaccount:kasmcloud-system:host',
    ),
  ).rejects.toThrow();

  // The token of a pod tells which host it is.
  const asPod = [
    '--as=system:serviceaccount:kasmcloud-system:host',
    '--as-user-extra=authentication.kubernetes.io/pod-name=host-1',
  ];
  const host = (name: string) => ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name },
    spec: { lattices: ['platform-shop'] },
  });
  const apply = (name: string) => {
    const file = path.join(out, `${name}.json`);
    writeFileSync(file, JSON.stringify(host(name)));
    return kubectl('apply', '--server-side', '-f', file, ...asPod);
  };
  await apply('host-1');
  // A policy is in force a moment after it is stored.
  await eventually('another host is refused', () =>
    apply('host-2').then(
      () => false,
      (error: Error) => error.message.includes('speaks for host host-1, not for'),
    ),
  );
  await kubectl('delete', 'wch', 'host-1', 'host-2', '--ignore-not-found');
});

test('a minimal platform and a daemon of hosts apply strictly, a second time without a change', async () => {
  const app = new App({ outdir: out });
  const names = new Lattice(app, 'platform-edge');
  new MinimalPlatform(app, 'edge', {
    namespace: 'platform-edge',
    image: images.kasmcloud,
    apiServer: { image: images.k3s, tlsSans: ['api.example.com'] },
    nats: { image: images.nats, jetStream: false },
    kubeconfig: Secret.fromSecretName(names, 'Kubeconfig', 'edge-kubeconfig'),
    host: { replicas: 'Daemon' },
  });
  app.synth();
  rmSync(path.join(out, 'platform-edge.k8s.yaml'));
  expect(await applyTwice()).toBeGreaterThan(10);
});

test('kustomize takes the whole output', async () => {
  const app = new PlatformApp({ outdir: out });
  new Actor(new Lattice(app, 'platform-shop'), 'desk', { image: 'registry.example.com/desk:1.0.0' });
  app.synth();
  expect(await kubectl('kustomize', out)).toContain('name: desk');
  await kubectl('apply', '-k', out);
});

describe('the configuration of NATS is one that nats-server takes', () => {
  const base = {
    cluster: 'nats',
    name: 'nats',
    namespace: 'platform',
    replicas: 1,
    tls: false,
    clusterTls: false,
  };

  test.each([
    ['one server without anything', { ...base, accounts: false }],
    [
      'a cluster with everything',
      {
        ...base,
        replicas: 3,
        tls: true,
        clusterTls: true,
        accounts: true,
        maxPayload: 8_388_608,
        jetStream: { store: '10Gi', domain: 'hub' },
        leafNodes: {
          listen: true,
          remotes: [
            { urls: ['tls://hub.example.com:7422'], account: 'APP', credentials: 0 },
            { urls: ['nats://other.example.com:7422', 'nats://third.example.com:7422'] },
          ],
        },
      },
    ],
  ])('%s', async (_, config) => {
    // The places of the pod, below a folder of ours.
    const pki = new Pki(path.join(out, 'pki'));
    const { cert, key, ca } = pki.serverFiles('nats', ['localhost']);
    const at = (place: string) => path.join(out, 'pod', place);
    for (const dir of [natsPaths.tls, natsPaths.clusterTls]) {
      mkdirSync(at(dir), { recursive: true });
      for (const [from, to] of [
        [cert, 'tls.crt'],
        [key, 'tls.key'],
        [ca, 'ca.crt'],
      ] as const)
        cpSync(from, path.join(at(dir), to));
    }
    for (const dir of [
      natsPaths.accounts,
      natsPaths.leaf(0),
      natsPaths.config,
      natsPaths.data,
      natsPaths.run,
    ])
      mkdirSync(at(dir), { recursive: true });
    writeFileSync(
      path.join(at(natsPaths.accounts), 'accounts.conf'),
      'accounts { APP { jetstream: enabled } }\n',
    );
    writeFileSync(path.join(at(natsPaths.leaf(0)), 'nats.creds'), '');
    const file = path.join(at(natsPaths.config), 'nats.conf');
    const text = Object.values(natsPaths)
      .map((place) => (typeof place === 'string' ? place : path.dirname(place(0))))
      .reduce((all, place) => all.replaceAll(`"${place}`, `"${at(place)}`), natsConfig(config));
    writeFileSync(file, text);
    const { stderr } = await run(await tool('nats-server'), ['-t', '-c', file], {
      env: { ...process.env, POD_NAME: 'nats-0' },
    });
    expect(stderr).toContain('configuration file');
  });

  test('and the construct mounts what it names', () => {
    const lattice = new Lattice(Testing.app(), 'shop');
    const nats = new Nats(lattice, 'nats', {
      image: images.nats,
      tls: Secret.fromSecretName(lattice, 'Tls', 'nats-tls'),
    });
    expect(nats.url).toBe('tls://nats.shop.svc:4222');
    const mounts = nats.workload.containers[0]?.mounts.map((mount) => mount.path);
    expect(mounts).toEqual([natsPaths.config, natsPaths.run, natsPaths.tls]);
  });
});
