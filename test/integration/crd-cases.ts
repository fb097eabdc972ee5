import type { KubeObject } from '../../lib/api';

/** Objects that one CEL rule accepts and refuses. */
export interface RuleCase {
  readonly kind: string;
  /** Where the rule reports, with `[]` for any item of a list. */
  readonly path: string;
  /** How its message starts; with kind and path it names the rule. */
  readonly says: string;
  /** The object before the change, for a rule about changes. */
  readonly from?: KubeObject;
  readonly accepted: KubeObject;
  /** Breaks this rule and no other. */
  readonly rejected: KubeObject;
}

export const namespace = 'crds';

const object =
  (kind: string, defaultName: string, scope: { namespace?: string } = { namespace }) =>
  (spec: object, name = defaultName): KubeObject & { spec: object } => ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind,
    metadata: { name, ...scope },
    spec,
  });

export const host = object('WasmCloudHost', 'crds-case', {});
export const lattice = object('WasmCloudLattice', 'lattice');
const image = 'registry.example/echo:1.0';
const actorOf = object('WasmCloudActor', 'case');
export const actor = (spec: object = {}, name?: string): KubeObject => actorOf({ image, ...spec }, name);
const providerOf = object('WasmCloudProvider', 'case');
export const provider = (spec: object = {}, name?: string): KubeObject =>
  providerOf({ image, ...spec }, name);
const linkOf = object('WasmCloudLink', 'case');
const wit = { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler', 'types'] };
export const link = (spec: object = {}): KubeObject =>
  linkOf({ source: 'http', target: 'echo', wit, ...spec });
const distributionOf = object('WasmCloudDistribution', 'case');
export const distribution = (spec: object = {}, name?: string): KubeObject =>
  distributionOf({ template: { actor: { image } }, ...spec }, name);
const ofActor = (spec: object): KubeObject => distribution({ template: { actor: { image, ...spec } } });
const ofProvider = (spec: object): KubeObject => distribution({ template: { provider: { image, ...spec } } });

const requirement = (operator: string, values?: string[]): object => ({
  matchExpressions: [{ key: 'zone', operator, ...(values && { values }) }],
});
const ports = (...list: object[]): object => ({ service: { ports: list } });

/** What occurs at several places with one shape. */
function shared(kind: string, make: (spec: object) => KubeObject, at: string): RuleCase[] {
  return [
    {
      kind,
      path: `${at}.tolerations[]`,
      says: 'must name a key',
      accepted: make({ tolerations: [{ operator: 'Exists' }, { key: 'gpu', value: 'yes' }] }),
      rejected: make({ tolerations: [{ value: 'yes' }] }),
    },
  ];
}

function images(kind: string, make: (spec: object) => KubeObject, at: string, builtin: boolean): RuleCase {
  return {
    kind,
    path: `${at}.image`,
    says: builtin ? 'must be builtin://NAME' : 'must be an OCI reference',
    accepted: make({ image: builtin ? 'builtin://http-server' : 'file:///srv/echo.wasm' }),
    rejected: make({ image: 'oci://registry.example/echo:1.0' }),
  };
}

function services(kind: string, make: (spec: object) => KubeObject, at: string): RuleCase[] {
  return [
    {
      kind,
      path: `${at}.service.ports`,
      says: 'must each have a name',
      accepted: make(ports({ port: 80, name: 'web' }, { port: 81, name: 'admin' })),
      rejected: make(ports({ port: 80, name: 'web' }, { port: 81 })),
    },
    {
      kind,
      path: `${at}.service.ports`,
      says: 'must not give a nodePort',
      accepted: make({ service: { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] } }),
      rejected: make(ports({ port: 80, nodePort: 30080 })),
    },
  ];
}

/** What actors and providers have in common: where they are placed, and their id. */
function bound(kind: string, make: (spec?: object, name?: string) => KubeObject): RuleCase[] {
  return [
    ...shared(kind, make, 'spec'),
    {
      kind,
      path: 'spec.hostSelector.matchExpressions[].values',
      says: 'must list values',
      accepted: make({ hostSelector: requirement('In', ['a']) }),
      rejected: make({ hostSelector: requirement('In') }),
    },
    {
      kind,
      path: 'spec.hostSelector',
      says: 'cannot be given together with host',
      accepted: make({ host: 'a' }),
      rejected: make({ host: 'a', hostSelector: {} }),
    },
    {
      kind,
      path: 'spec.host',
      says: 'changes only while',
      from: make({ hostSelector: {}, host: undefined }),
      accepted: make({ hostSelector: {}, host: 'a' }),
      // From the accepted object, which the scheduler has bound.
      rejected: make({ hostSelector: {}, host: 'b' }),
    },
    {
      kind,
      path: 'spec.componentId',
      says: 'is immutable',
      from: make(),
      accepted: make({ componentId: 'case' }),
      rejected: make({ componentId: 'other' }),
    },
    {
      kind,
      path: 'spec.componentId',
      says: 'must be set',
      accepted: make({ componentId: 'dotted' }, 'with.dot'),
      rejected: make({}, 'with.dot'),
    },
  ];
}

const hosts: RuleCase[] = [
  {
    kind: 'WasmCloudHost',
    path: 'spec.type',
    says: 'is immutable',
    from: host({ lattices: ['a'] }),
    accepted: host({ lattices: ['a'], type: 'Kasm' }),
    rejected: host({ lattices: ['a'], type: 'Legacy' }),
  },
  {
    kind: 'WasmCloudHost',
    path: 'spec.lattices',
    says: "must not name other lattices beside '*'",
    accepted: host({ lattices: ['*'] }),
    rejected: host({ lattices: ['*', 'a'] }),
  },
  {
    kind: 'WasmCloudHost',
    path: 'spec.lattices',
    says: 'must name exactly one lattice',
    accepted: host({ lattices: ['a'], type: 'Legacy' }),
    rejected: host({ lattices: ['*'], type: 'Legacy' }),
  },
  {
    kind: 'WasmCloudHost',
    path: 'spec.labels',
    says: 'must not set hostcore.*',
    accepted: host({ lattices: [], labels: { zone: 'a' } }),
    rejected: host({ lattices: [], labels: { 'hostcore.os': 'linux' } }),
  },
];

const external = { runtime: 'External', image: undefined };
const container = { runtime: 'Container' };

const providers: RuleCase[] = [
  ...bound('WasmCloudProvider', provider),
  ...services('WasmCloudProvider', provider, 'spec'),
  images('WasmCloudProvider', provider, 'spec', true),
  {
    kind: 'WasmCloudProvider',
    path: 'spec.runtime',
    says: 'is immutable',
    from: provider(),
    accepted: provider({ runtime: 'Process' }),
    rejected: provider(container),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.image',
    says: 'must be set unless',
    accepted: provider(),
    rejected: provider({ image: undefined }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.image',
    says: 'must not be set with runtime External',
    accepted: provider(external),
    rejected: provider({ ...external, image }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.image',
    says: 'must be a container image',
    accepted: provider(container),
    rejected: provider({ ...container, image: 'file:///srv/provider' }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.host',
    says: 'is only for runtime Process',
    accepted: provider({ host: 'a' }),
    rejected: provider({ ...container, host: 'a' }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.hostSelector',
    says: 'is only for runtime Process',
    accepted: provider({ hostSelector: {} }),
    rejected: provider({ ...external, hostSelector: {} }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.container',
    says: 'is only for runtime Container',
    accepted: provider({ ...container, container: { template: { spec: { hostNetwork: true } } } }),
    rejected: provider({ container: {} }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.restartPolicy',
    says: 'must be Always',
    accepted: provider({ restartPolicy: 'Never' }),
    rejected: provider({ ...container, restartPolicy: 'Never' }),
  },
  {
    kind: 'WasmCloudProvider',
    path: 'spec.service',
    says: 'is not for runtime External',
    accepted: provider({ ...container, service: {} }),
    rejected: provider({ ...external, service: {} }),
  },
];

const identity = (path: string, change: object): RuleCase => ({
  kind: 'WasmCloudLink',
  path,
  says: 'is immutable',
  from: link(),
  accepted: link({
    sourceConfig: { values: { a: 'b' } },
    wit: { ...wit, interfaces: [...wit.interfaces].reverse() },
  }),
  rejected: link(change),
});

const rolling = (rollingUpdate: object): KubeObject => distribution({ strategy: { rollingUpdate } });
const canary = (...weights: number[]): KubeObject =>
  distribution({ strategy: { type: 'Canary', canary: { steps: weights.map((weight) => ({ weight })) } } });
const spread = (...groups: object[]): KubeObject =>
  distribution({ spread: groups.map((group, index) => ({ name: `group-${index}`, ...group })) });

const distributions: RuleCase[] = [
  ...shared('WasmCloudDistribution', ofActor, 'spec.template.actor'),
  ...shared('WasmCloudDistribution', ofProvider, 'spec.template.provider'),
  ...services('WasmCloudDistribution', ofProvider, 'spec.template.provider'),
  images('WasmCloudDistribution', ofActor, 'spec.template.actor', false),
  images('WasmCloudDistribution', ofProvider, 'spec.template.provider', true),
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.template.actor.componentId',
    says: 'is immutable',
    from: ofActor({ componentId: 'a' }),
    accepted: ofActor({ componentId: 'a', image: 'registry.example/echo:2.0' }),
    rejected: ofActor({ componentId: 'b' }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.template.provider.componentId',
    says: 'is immutable',
    from: ofProvider({}),
    accepted: ofProvider({ image: 'registry.example/kv:2.0' }),
    rejected: ofProvider({ componentId: 'b' }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.template',
    says: 'must have exactly one',
    accepted: ofProvider({}),
    rejected: distribution({ template: { actor: { image }, provider: { image } } }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.template',
    says: 'cannot change between',
    from: ofActor({}),
    accepted: ofActor({ limits: { memory: '64Mi' } }),
    rejected: ofProvider({}),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.template',
    says: 'must set componentId',
    accepted: distribution({ template: { provider: { image, componentId: 'dotted' } } }, 'with.dot'),
    rejected: distribution({}, 'with.dot'),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.mode',
    says: 'is immutable',
    from: distribution({ mode: 'Daemon' }),
    accepted: distribution({ mode: 'Daemon', instances: 3 }),
    rejected: distribution(),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.spread[].selector.matchExpressions[].values',
    says: 'must list values',
    accepted: spread({ selector: requirement('Exists') }),
    rejected: spread({ selector: requirement('Exists', ['a']) }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.spread[].max',
    says: 'must not be below min',
    accepted: spread({ min: 2, max: 2 }),
    rejected: spread({}, { min: 2, max: 1 }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.spread',
    says: 'must give at least one group',
    accepted: spread({ weight: 0 }, {}),
    rejected: spread({ weight: 0 }, { weight: 0 }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.rollingUpdate.maxSurge',
    says: 'must be a number of instances',
    accepted: rolling({ maxSurge: '100%' }),
    rejected: rolling({ maxSurge: '25' }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.rollingUpdate.maxUnavailable',
    says: 'must be a number of instances',
    accepted: rolling({ maxUnavailable: 2 }),
    rejected: rolling({ maxUnavailable: -1 }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.rollingUpdate.maxSurge',
    says: 'must not be 0 together',
    accepted: rolling({ maxSurge: 0, maxUnavailable: 1 }),
    rejected: rolling({ maxSurge: '0%' }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.canary.steps',
    says: 'must not fall in weight',
    accepted: canary(10, 10, 50),
    rejected: canary(10, 50, 20),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.rollingUpdate',
    says: 'is only for type RollingUpdate',
    accepted: rolling({}),
    rejected: distribution({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.canary',
    says: 'is only for type Canary',
    accepted: canary(50),
    rejected: distribution({ strategy: { type: 'BlueGreen', canary: { steps: [{ weight: 50 }] } } }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.strategy.canary',
    says: 'must list the steps',
    accepted: canary(50),
    rejected: distribution({ strategy: { type: 'Canary' } }),
  },
  {
    kind: 'WasmCloudDistribution',
    path: 'spec.progressDeadlineSeconds',
    says: 'must be above minReadySeconds',
    accepted: distribution({ minReadySeconds: 599 }),
    rejected: distribution({ minReadySeconds: 600 }),
  },
];

const lattices: RuleCase[] = [
  {
    kind: 'WasmCloudLattice',
    path: 'metadata',
    says: "must have the name 'lattice'",
    accepted: lattice({}),
    rejected: lattice({}, 'other'),
  },
  {
    kind: 'WasmCloudLattice',
    path: 'spec.nats.url',
    says: 'must start with nats://',
    accepted: lattice({ nats: { url: 'tls://nats.example:4222' } }),
    rejected: lattice({ nats: { url: 'http://nats.example:4222' } }),
  },
  {
    kind: 'WasmCloudLattice',
    path: 'spec.latticeId',
    says: 'is immutable',
    from: lattice({ latticeId: 'prod' }),
    accepted: lattice({ latticeId: 'prod', nats: {} }),
    rejected: lattice({}),
  },
];

/** One case a rule of `crds/`. */
export const ruleCases: readonly RuleCase[] = [
  ...hosts,
  ...bound('WasmCloudActor', actor),
  images('WasmCloudActor', actor, 'spec', false),
  ...providers,
  identity('spec.source', { source: 'other' }),
  identity('spec.target', { target: 'other' }),
  identity('spec.name', { name: 'other' }),
  identity('spec.wit', { wit: { ...wit, package: 'keyvalue' } }),
  ...distributions,
  ...lattices,
];

/** Objects that the schema refuses without CEL. */
export const schemaCases: readonly (readonly [what: string, rejected: KubeObject])[] = [
  ['a missing field', actor({ image: undefined })],
  ['a number below its bound', actor({ instances: -1 })],
  ['a number above its bound', actor({ instances: 100_001 })],
  ['a word that is not in the list', actor({ imagePullPolicy: 'Sometimes' })],
  ['a word that is not in the list of reuse', actor({ reuse: 'Sometimes' })],
  ['a text that does not match', actor({ limits: { memory: '5 MB' } })],
  ['a text that is too long', actor({ image: 'x'.repeat(513) })],
  ['an empty text', actor({ image: '' })],
  ['a number for a text', actor({ image: 5 })],
  ['a text for a number', actor({ instances: '5' })],
  ['a fraction for an integer', actor({ instances: 1.5 })],
  ['a list for an object', actor({ config: [] })],
  ['null for a list', host({ lattices: null })],
  ['too many items', host({ lattices: Array.from({ length: 65 }, (_, index) => `lattice-${index}`) })],
  ['an item twice in a set', host({ lattices: ['a', 'a'] })],
  ['a key twice in a map', actor({ imagePullSecrets: [{ name: 'a' }, { name: 'a' }] })],
  ['too few items', link({ wit: { ...wit, interfaces: [] } })],
  ['a name that is no DNS name', actor({}, 'Echo')],
];
