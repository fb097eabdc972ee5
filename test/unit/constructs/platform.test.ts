import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { App } from 'cdk8s';
import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { ConfigMap, Secret } from 'cdk8s-plus-27';
import {
  Actor,
  ClusterPlatform,
  HostWorkload,
  type HostWorkloadProps,
  K3sApiServer,
  type K3sApiServerProps,
  kasmcloudImage,
  Lattice,
  MinimalPlatform,
  Nats,
  type NatsProps,
  PlatformApp,
  Reconciler,
  RuntimeAccess,
} from 'kasmcloud';
import { version } from '../../../package.json';
import { parseAllDocuments } from 'yaml';

const image = 'registry.example.com/kasmcloud:0.1.0';
const nats = { url: 'nats://nats.example.com:4222' };

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  roleRef?: { name: string };
  spec?: { template?: { spec: PodSpec }; [field: string]: unknown };
}
interface PodSpec {
  containers: {
    args?: string[];
    env?: { name: string; value?: string; valueFrom?: unknown }[];
    volumeMounts?: { name: string; mountPath: string }[];
    securityContext?: object;
  }[];
  [field: string]: unknown;
}

const platform = (app: App = Testing.app()) => new Chart(app, 'platform', { namespace: 'kasmcloud-system' });
const render = (chart: Chart) => chart.toJson() as Manifest[];
const only = (chart: Chart, kind: string): Manifest => {
  const found = render(chart).filter((manifest) => manifest.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Manifest;
};
const podOf = (manifest: Manifest): PodSpec => manifest.spec?.template?.spec as PodSpec;
const env = (manifest: Manifest): Record<string, unknown> =>
  Object.fromEntries(
    (podOf(manifest).containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? valueFrom,
    ]),
  );

/** The issues that rendering a chart ends with, without the construct's path. */
function issues(declare: (chart: Chart) => unknown): string[] {
  const chart = platform();
  declare(chart);
  try {
    chart.toJson();
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/^\[platform\/it\] /, ''));
  }
  return [];
}

describe('image', () => {
  test('is of this version, or of the one that is given, and by digest where there is one', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(kasmcloudImage('registry.example.com/kasmcloud')).toBe(
      `registry.example.com/kasmcloud:${version}`,
    );
    expect(kasmcloudImage('localhost/kasmcloud', { version: '9.9.9', digest })).toBe(
      `localhost/kasmcloud:9.9.9@${digest}`,
    );
    expect(() => kasmcloudImage('localhost/kasmcloud', { digest: 'latest' })).toThrow(
      'digest must be sha256:',
    );
  });
});

describe('what every pod of the platform has', () => {
  const chart = platform();
  const lattices = '*' as const;
  new Reconciler(chart, 'reconciler', { image });
  new HostWorkload(chart, 'daemon', { image, nats, lattices, replicas: 'Daemon' });
  new HostWorkload(chart, 'host', { image, nats, lattices });
  new HostWorkload(chart, 'legacy', {
    type: 'wasmCloud',
    image: 'registry.example.com/wasmcloud:1.9.0',
    nats,
    lattices: [Lattice.fromNamespace(chart, 'Shop', 'shop')],
  });
  new Nats(chart, 'nats', { image: 'registry.example.com/nats:2' });
  new K3sApiServer(chart, 'api', { image: 'registry.example.com/k3s:1' });
  const workloads = render(chart).filter(({ spec }) => spec?.template !== undefined);

  test('there is one of each', () => {
    expect(workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'DaemonSet daemon',
      'Deployment host',
      'Deployment legacy',
      'Deployment reconciler',
      'StatefulSet api',
      'StatefulSet nats',
    ]);
  });

  test.each(workloads.map((workload) => [workload.metadata.name, workload] as const))('%s', (_, workload) => {
    const pod = podOf(workload);
    expect(pod['securityContext']).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.containers).toEqual([
      expect.objectContaining({
        startupProbe: expect.anything() as unknown,
        livenessProbe: expect.anything() as unknown,
        readinessProbe: expect.anything() as unknown,
        resources: {
          requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
          limits: { memory: expect.any(String) as string },
        },
      }),
    ]);
    expect(pod.containers[0]?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('its names are unique, and its services, budgets and policies are there', () => {
    const names = render(chart).map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    const count = (kind: string) => names.filter((name) => name.startsWith(`${kind} `)).length;
    expect([count('Service'), count('PodDisruptionBudget'), count('NetworkPolicy')]).toEqual([3, 4, 6]);
  });
});

describe('hosts', () => {
  test('get their settings as `kasmcloud run host` takes them, and more time to end than calls get', () => {
    const chart = platform();
    const tls = Secret.fromSecretName(chart, 'Tls', 'nats-tls');
    const credentials = Secret.fromSecretName(chart, 'Creds', 'nats-creds');
    new HostWorkload(chart, 'edge', {
      image,
      nats: { ...nats, tls, credentials },
      labels: { tier: 'edge' },
      nodeSelector: { zone: 'eu-1' },
      drainGraceSeconds: 120,
      lattices: [Lattice.fromNamespace(chart, 'Shop', 'shop'), Lattice.fromNamespace(chart, 'Bank', 'bank')],
    });
    const deployment = only(chart, 'Deployment');
    expect(env(deployment)).toEqual({
      KASMCLOUD_HOST_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
      KASMCLOUD_NODE_NAME: { fieldRef: { fieldPath: 'spec.nodeName' } },
      KASMCLOUD_ADDRESS: { fieldRef: { fieldPath: 'status.podIP' } },
      KASMCLOUD_DATA_DIR: '/var/lib/kasmcloud',
      KASMCLOUD_DRAIN_GRACE: '120s',
      KASMCLOUD_LATTICE: 'shop,bank',
      KASMCLOUD_ADMIN_ADDRESS: '0.0.0.0:9090',
      KASMCLOUD_NATS_URL: nats.url,
      KASMCLOUD_NATS_CA: '/etc/kasmcloud/nats-tls/ca.crt',
      KASMCLOUD_NATS_CERT: '/etc/kasmcloud/nats-tls/tls.crt',
      KASMCLOUD_NATS_KEY: '/etc/kasmcloud/nats-tls/tls.key',
      KASMCLOUD_NATS_CREDS: '/etc/kasmcloud/nats/nats.creds',
    });
    const pod = podOf(deployment);
    expect(pod.containers[0]?.args).toEqual(['run', 'host', '--label=zone=eu-1', '--label=tier=edge']);
    expect(pod['terminationGracePeriodSeconds']).toBe(135);
    expect(JSON.stringify(pod['affinity'])).toContain('"key":"zone","operator":"In","values":["eu-1"]');
  });

  const ofSecret = (name: string, key: string, options = {}) => ({ secretKeyRef: { name, key, ...options } });
  const login = (workload: Partial<HostWorkloadProps>) => {
    const chart = platform();
    const lattices = [Lattice.fromNamespace(chart, 'Shop', 'shop')];
    new HostWorkload(chart, 'edge', { image, nats, lattices, ...workload });
    const told = Object.entries(env(only(chart, 'Deployment')));
    return Object.fromEntries(told.filter(([name]) => /SEED|JWT|USER|PASSWORD|_CA/.test(name)));
  };

  test('log in to NATS by a seed, a JWT with it, or a password, of which the manifest has the names', () => {
    const names = platform();
    const secret = Secret.fromSecretName(names, 'User', 'nats-user');
    expect(login({ nats: { ...nats, seed: secret } })).toEqual({
      KASMCLOUD_NATS_SEED: ofSecret('nats-user', 'seed'),
      KASMCLOUD_NATS_JWT: ofSecret('nats-user', 'jwt', { optional: true }),
    });
    expect(login({ nats: { ...nats, basicAuth: secret } })).toEqual({
      KASMCLOUD_NATS_USER: ofSecret('nats-user', 'username'),
      KASMCLOUD_NATS_PASSWORD: ofSecret('nats-user', 'password'),
    });
    expect(login({ nats: { ...nats, seed: secret }, type: 'wasmCloud' })).toEqual({
      WASMCLOUD_NATS_SEED: ofSecret('nats-user', 'seed'),
      WASMCLOUD_NATS_JWT: ofSecret('nats-user', 'jwt'),
    });
    const server = new Nats(names, 'nats', {
      image: 'registry.example.com/nats:2',
      hostLogin: { seed: secret },
    });
    expect(server.seed).toBe(secret);
    expect(() => login({ nats: { ...nats, seed: 'SUhush' as never } })).toThrow(
      /nats\.seed must be a Secret, not its value(?!.*hush)/,
    );
  });

  test('trust the authority of a ConfigMap or Secret, without a certificate of their own', () => {
    const names = platform();
    for (const ca of [
      ConfigMap.fromConfigMapName(names, 'CaMap', 'nats-ca'),
      Secret.fromSecretName(names, 'CaSecret', 'nats-ca'),
    ])
      expect(login({ nats: { ...nats, ca } })).toEqual({
        KASMCLOUD_NATS_CA: '/etc/kasmcloud/nats-tls/ca.crt',
      });
  });

  test('may read only the lattices that they are granted', () => {
    const app = Testing.app();
    const shop = new Lattice(app, 'shop');
    const chart = platform(app);
    const hosts = new HostWorkload(chart, 'edge', { image, nats });
    hosts
      .grantLattice(shop)
      .grantLattice(shop)
      .grantLattice(Lattice.fromNamespace(chart, 'Bank', 'bank'));
    expect(hosts.lattices).toEqual(['shop', 'bank']);
    const name = 'kasmcloud:host:lattice:kasmcloud-system:edge';
    const bindings = (of: Chart) =>
      render(of).filter(({ kind, roleRef }) => kind.endsWith('Binding') && roleRef?.name === name);
    // In a lattice of this program it comes with the lattice, whose namespace it needs.
    expect(bindings(shop).map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ['RoleBinding', 'shop'],
    ]);
    expect(bindings(chart).map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ['RoleBinding', 'bank'],
    ]);
  });

  test('that serve all lattices are bound in all namespaces', () => {
    const chart = platform();
    const access = new RuntimeAccess(chart, 'it', { role: 'host', serviceAccount: 'edge', lattices: '*' });
    access.grantLattice(Lattice.fromNamespace(chart, 'Shop', 'shop'));
    expect([access.everyLattice, access.lattices]).toEqual([true, []]);
    expect(
      render(chart)
        .filter(({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata.name.includes(':lattice:'))
        .map(({ metadata }) => metadata.namespace),
    ).toEqual([undefined]);
  });

  test('of wasmCloud are told by their own variables, and get no rights', () => {
    const chart = platform();
    const workload = new HostWorkload(chart, 'legacy', {
      type: 'wasmCloud',
      image: 'registry.example.com/wasmcloud:1.9.0',
      nats: { url: 'tls://nats.example.com:5222' },
      lattices: [Lattice.fromNamespace(chart, 'Shop', 'shop')],
    });
    expect(workload.access).toBeUndefined();
    expect(env(only(chart, 'Deployment'))).toEqual({
      WASMCLOUD_NATS_HOST: 'nats.example.com',
      WASMCLOUD_NATS_PORT: '5222',
      WASMCLOUD_LATTICE: 'shop',
      WASMCLOUD_HTTP_ADMIN: '0.0.0.0:9090',
      WASMCLOUD_CTL_TLS: 'true',
      WASMCLOUD_RPC_TLS: 'true',
    });
    expect(render(chart).some(({ kind }) => kind.includes('Role') || kind === 'ServiceAccount')).toBe(false);
  });

  test('a patch of what these classes have no word for reaches the manifest', () => {
    const chart = platform();
    const { workload } = new HostWorkload(chart, 'edge', { image, nats, lattices: '*' });
    ApiObject.of(workload).addJsonPatch(JsonPatch.add('/spec/paused', true));
    expect(only(chart, 'Deployment').spec?.['paused']).toBe(true);
  });
});

describe('the API server', () => {
  test('keeps SQLite on a volume, or is several with a database', () => {
    const chart = platform();
    const alone = new K3sApiServer(chart, 'alone', { image: 'registry.example.com/k3s:1', size: '5Gi' });
    expect(alone.url).toBe('https://alone.kasmcloud-system.svc:6443');
    expect(alone.kubeconfigCommand).toContain('kubectl -n kasmcloud-system exec sts/alone -- ');
    expect(JSON.stringify(only(chart, 'StatefulSet').spec?.['volumeClaimTemplates'])).toContain(
      '"storage":"5Gi"',
    );
    new K3sApiServer(chart, 'several', {
      image: 'registry.example.com/k3s:1',
      datastore: Secret.fromSecretName(chart, 'Db', 'k3s-db'),
      token: Secret.fromSecretName(chart, 'Token', 'k3s-token'),
    });
    const deployment = only(chart, 'Deployment');
    expect(deployment.spec?.['replicas']).toBe(2);
    expect(env(deployment)).toEqual({
      HOME: '/tmp',
      K3S_TOKEN: { secretKeyRef: { name: 'k3s-token', key: 'token' } },
      K3S_DATASTORE_ENDPOINT: { secretKeyRef: { name: 'k3s-db', key: 'endpoint' } },
    });
  });

  test('is a command and a systemd unit on a bare machine', () => {
    const options = { dataDir: '/srv/my data', port: 7443, tlsSans: ['api.example.com'] };
    expect(K3sApiServer.command(options)).toEqual(
      expect.arrayContaining([
        'k3s',
        'server',
        '--disable-agent',
        '--https-listen-port=7443',
        '--tls-san=api.example.com',
      ]),
    );
    const unit = K3sApiServer.systemdUnit(options, '/opt/k3s');
    expect(unit).toContain('ExecStart=/opt/k3s \\\n  server \\\n  --disable-agent \\\n');
    expect(unit).toContain('  "--data-dir=/srv/my data" \\\n');
    expect(unit).toMatch(/^\[Unit\]\n[^]*\n\[Service\]\n[^]*\n\[Install\]\nWantedBy=multi-user.target\n$/);
    expect(K3sApiServer.systemdUnit({ tlsSans: ['50%$x'] })).toContain('--tls-san=50%%$$x');
  });
});

test('a minimal platform is one host that is reconciler as well, and tells how it is set up', () => {
  const app = Testing.app();
  const names = platform(app);
  const minimal = new MinimalPlatform(app, 'edge', {
    image,
    apiServer: { image: 'registry.example.com/k3s:1' },
    nats: { image: 'registry.example.com/nats:2' },
    kubeconfig: Secret.fromSecretName(names, 'Kubeconfig', 'edge-kubeconfig'),
  });
  const host = only(minimal, 'Deployment');
  expect(podOf(host).containers[0]?.args).toEqual(['run', 'host,reconciler']);
  expect(env(host)).toMatchObject({
    KASMCLOUD_KUBECONFIG: '/etc/kasmcloud/kube/kubeconfig',
    KASMCLOUD_NATS_URL: 'nats://nats.edge.svc:4222',
    KASMCLOUD_LATTICE: '*',
  });
  expect(minimal.setup[1]).toBe(
    'kubectl -n edge create secret generic edge-kubeconfig --from-file=kubeconfig',
  );
  expect(render(minimal).some(({ kind }) => kind === 'ClusterRole')).toBe(false);
});

describe('mistakes, each with value and remedy', () => {
  const host = (props: Partial<HostWorkloadProps>) => (chart: Chart) =>
    new HostWorkload(chart, 'it', { image, nats, lattices: '*', ...props });
  const server = (props: Partial<NatsProps>) => (chart: Chart) =>
    new Nats(chart, 'it', { image: 'registry.example.com/nats:2', ...props });
  const api = (props: Partial<K3sApiServerProps>) => (chart: Chart) =>
    new K3sApiServer(chart, 'it', { image: 'registry.example.com/k3s:1', ...props });
  const secret = (chart: Chart) => Secret.fromSecretName(chart, 'Secret', 'secret');

  test.each<[string, (chart: Chart) => unknown, string[]]>([
    [
      'an image without a registry',
      host({ image: 'kasmcloud:1' }),
      ['image must be an image reference that names its registry, got "kasmcloud:1"'],
    ],
    [
      'no lattice',
      host({ lattices: [] }),
      ['lattices must name what the hosts serve, got none: call grantLattice'],
    ],
    ['negative replicas', host({ replicas: -1 }), ["replicas must be an integer >= 0, or 'Daemon', got -1"]],
    [
      'an address that is none',
      host({ nats: { url: 'nats.example.com' } }),
      ['nats.url must be addresses such as nats://nats.example.com:4222, got "nats.example.com"'],
    ],
    [
      'a password in the address',
      host({ nats: { url: 'nats://me:hush@nats.example.com' } }),
      ['nats.url must hold no user or password'],
    ],
    [
      'two ways to log in, and two authorities',
      (chart) => {
        const [seed, credentials] = [secret(chart), Secret.fromSecretName(chart, 'Other', 'other')];
        return host({ nats: { ...nats, seed, credentials, tls: seed, ca: credentials } })(chart);
      },
      [
        'nats must be given one way to log in, got credentials and seed',
        'nats.ca must not be given with nats.tls',
      ],
    ],
    [
      'a wasmCloud host with a password',
      (chart) =>
        host({
          type: 'wasmCloud',
          nats: { ...nats, basicAuth: secret(chart) },
          lattices: [Lattice.fromNamespace(chart, 'Shop', 'shop')],
        })(chart),
      ['nats.basicAuth must not be given with type wasmCloud'],
    ],
    [
      'too long a drain',
      host({ drainGraceSeconds: 9999 }),
      ['drainGraceSeconds must be an integer from 0 to 3600, got 9999'],
    ],
    [
      'a port that is taken',
      host({ ports: [8080, 9090] }),
      ['ports must differ from each other and from 9090'],
    ],
    [
      'a label of the machine',
      host({ labels: { 'hostcore.os': 'linux' } }),
      ['labels must not start with hostcore.'],
    ],
    [
      'a wasmCloud host for all',
      host({ type: 'wasmCloud' }),
      ['lattices must name exactly one lattice with type wasmCloud, got *'],
    ],
    [
      'even replicas with JetStream',
      server({ replicas: 2 }),
      ['replicas must be odd with JetStream, got 2: take 3'],
    ],
    ['no replicas', server({ replicas: 0 }), ['replicas must be an integer from 1 to 9, got 0']],
    [
      'a size without a unit',
      server({ jetStream: { size: '10' } }),
      ['jetStream.size must be in Mi, Gi or Ti, got "10"'],
    ],
    [
      'too large a message',
      server({ maxPayload: 1 }),
      ['maxPayload must be from 1024 to 67108864 bytes, got 1'],
    ],
    [
      'a remote that is none',
      server({ leafRemotes: [{ urls: ['hub'] }] }),
      ['leafRemotes[0].urls must be addresses such as tls://nats.example.com:7422, got "hub"'],
    ],
    [
      'a password in an address',
      server({ leafRemotes: [{ urls: ['tls://me:hush@hub'] }] }),
      ['leafRemotes[0].urls must hold no password'],
    ],
    [
      'several servers on SQLite',
      api({ replicas: 2 }),
      ['replicas must be 1 without a datastore, got 2', 'token must be given with several servers'],
    ],
    [
      'a volume that is not there',
      (chart) => api({ datastore: secret(chart), token: secret(new Chart(chart, 'x')), size: '1Gi' })(chart),
      ['size must not be given with a datastore, got "1Gi"'],
    ],
    [
      'no reconciler',
      (chart) => new Reconciler(chart, 'it', { image: 'x', replicas: 0 }),
      ['image must be', 'replicas must be an integer >= 1, got 0'],
    ],
  ])('%s', (_, declare, messages) => {
    expect(issues(declare)).toEqual(messages.map((text) => expect.stringContaining(text) as string));
  });

  test('a secret in place of its name is refused without being shown', () => {
    const declare = () => server({ accounts: 'hush' as never })(platform());
    expect(declare).toThrow('accounts must be a Secret, not its value');
    expect(declare).not.toThrow('hush');
  });
});

describe('an app that orders its output', () => {
  let outdir: string;
  beforeEach(() => (outdir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-app-'))));
  afterEach(() => rmSync(outdir, { recursive: true }));
  const read = (...file: string[]) => readFileSync(path.join(outdir, ...file), 'utf8');
  const objects = (...file: string[]) =>
    parseAllDocuments(read(...file)).map((document) => document.toJS() as Manifest);

  function synthesize(props: ConstructorParameters<typeof PlatformApp>[0] = {}): void {
    const app = new PlatformApp({ outdir, ...props });
    const lattice = new Lattice(app, 'shop');
    new Actor(lattice, 'cart', { image, config: { template: 'Hello {{ name }}, {{{ raw }}}' } });
    new ClusterPlatform(app, 'platform', { image, nats, lattices: [lattice] });
    app.synth();
  }

  test('numbers the files and lists them for kustomize', () => {
    synthesize();
    const files = ['0000-platform-crds.k8s.yaml', '0001-platform-system.k8s.yaml', '0002-shop.k8s.yaml'];
    expect(readdirSync(outdir)).toEqual([...files, 'Kustomization']);
    expect(parseAllDocuments(read('Kustomization')).map((document) => document.toJS() as object)).toEqual([
      { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: files },
    ]);
    expect(new Set(objects('0000-platform-crds.k8s.yaml').map(({ kind }) => kind))).toEqual(
      new Set(['CustomResourceDefinition']),
    );
    expect(objects('0002-shop.k8s.yaml')[0]?.kind).toBe('Namespace');
  });

  test('puts waves on objects, unless they have their own', () => {
    const app = new PlatformApp({ outdir, argoSyncWaves: true, kustomization: false });
    const lattice = new Lattice(app, 'shop');
    const wave = 'argocd.argoproj.io/sync-wave';
    new Actor(lattice, 'cart', { image });
    new Actor(lattice, 'first', { image, metadata: { annotations: { [wave]: '-9' } } });
    new ClusterPlatform(app, 'platform', { image, nats, lattices: [lattice] });
    app.synth();
    const waves = readdirSync(outdir).flatMap((file) =>
      objects(file).map(({ kind, metadata }) => [kind, metadata.annotations?.[wave]].join(' ')),
    );
    expect([...new Set(waves)].sort()).toEqual([
      'ClusterRole -2',
      'ClusterRoleBinding -2',
      'CustomResourceDefinition -3',
      'Deployment -1',
      'Namespace -3',
      'NetworkPolicy -2',
      'PodDisruptionBudget -2',
      'Role -2',
      'RoleBinding -2',
      'ServiceAccount -2',
      'ValidatingAdmissionPolicy -2',
      'ValidatingAdmissionPolicyBinding -2',
      'WasmCloudActor -9',
      'WasmCloudActor 0',
    ]);
  });

  test('writes a Helm chart: definitions apart, nothing of a text taken for a template', () => {
    synthesize({ helmChart: { name: 'shop', version: '1.2.3', description: 'A shop' } });
    expect(objects('chart', 'Chart.yaml')).toEqual([
      {
        apiVersion: 'v2',
        type: 'application',
        name: 'shop',
        version: '1.2.3',
        appVersion: '1.2.3',
        description: 'A shop',
      },
    ]);
    expect(readdirSync(path.join(outdir, 'chart', 'crds'))).toEqual(['0000-platform-crds.k8s.yaml']);
    expect(readdirSync(path.join(outdir, 'chart', 'templates'))).toEqual([
      '0001-platform-system.k8s.yaml',
      '0002-shop.k8s.yaml',
    ]);
    const template = read('chart', 'templates', '0002-shop.k8s.yaml');
    // The only actions left are those that render to the braces themselves.
    const actions = template.match(/\{\{.*?\}\}/g) ?? [];
    expect(actions).toEqual(['{{ "{{" }}', '{{ "{{" }}']);
    expect(template.replaceAll('{{ "{{" }}', '{{')).toBe(read('0002-shop.k8s.yaml'));
  });

  test.each([
    [{ name: 'The Shop', version: '1.0.0' }, 'helmChart.name must be lower-case letters'],
    [{ name: 'shop', version: 'v1' }, 'helmChart.version must be a semantic version, got "v1"'],
  ])('refuses %j', (helmChart, message) => {
    expect(() => synthesize({ helmChart })).toThrow(message);
  });

  test('reports the mistakes of all charts at once, and writes nothing', () => {
    const app = new PlatformApp({ outdir });
    new Actor(new Lattice(app, 'shop'), 'cart', { image: '' });
    new Actor(new Lattice(app, 'bank'), 'teller', { image, instances: -1 });
    new ClusterPlatform(app, 'platform', { image: 'kasmcloud', nats, lattices: '*' });
    expect(() => app.synth()).toThrow(
      /\[shop\/cart\] spec\.image[^]*\[bank\/teller\] spec\.instances[^]*\[platform\/system\/host\] image must/,
    );
    expect(readdirSync(outdir)).toEqual([]);
  });
});
