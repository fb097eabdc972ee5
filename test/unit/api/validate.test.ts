import { type KubeObject, validateManifest, validateUpdate } from '../../../lib/api';

const actor = (spec: unknown, metadata: object = {}): KubeObject =>
  ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name: 'echo', namespace: 'shop', ...metadata },
    spec,
  }) as KubeObject;

const messages = (object: KubeObject): string[] => validateManifest(object).map(({ message }) => message);

test('a valid object has no issues and is left as it was', () => {
  const object = actor({ image: 'registry.example/echo:1.0', host: undefined, limits: { memory: '64Mi' } });
  const before = structuredClone(object);
  expect(validateManifest(object)).toEqual([]);
  expect(object).toEqual(before);
});

test('all issues come at once, each with path, value and remedy', () => {
  const object = actor({
    image: 'oci://registry.example/echo',
    instances: -1,
    imagePullPolicy: 'Allways',
    imagePulSecrets: [],
    config: { values: { retries: 5 } },
    limits: { memory: '5 MB' },
    tolerations: [{ operator: 'Equal', value: 'x' }],
  });
  expect(messages(object).sort()).toEqual([
    'spec.config.values.retries must be a string, got 5',
    'spec.image must be an OCI reference such as registry.example/echo:1.0, or file:///path on the host (got "oci://registry.example/echo")',
    'spec.imagePulSecrets is not a field of this object: did you mean imagePullSecrets?',
    'spec.imagePullPolicy must be one of Always, IfNotPresent, Never, got "Allways"',
    'spec.instances must be >= 0, got -1',
    'spec.limits.memory must match ^[1-9][0-9]*(k|Ki|M|Mi|G|Gi)?$, got "5 MB" (Linear memory, in bytes or as a quantity such as `64Mi`)',
    'spec.tolerations[0] must name a key with the operator Equal, and give no value with Exists',
  ]);
});

test('a field that resembles none is answered with those there are', () => {
  expect(messages(actor({ image: 'echo:1', limits: { colour: 'red' } }))).toEqual([
    'spec.limits.colour is not a field of this object: it knows memory, executionTimeMs',
  ]);
});

test.each([
  ['null', null, 'spec must be an object, got null'],
  ['a text', 'echo', 'spec must be an object, got "echo"'],
  ['missing', undefined, 'spec must be set (Which component runs, where, and with what)'],
])('a spec that is %s is said once', (_, spec, message) => {
  expect(messages(actor(spec))).toEqual([message]);
});

test('a list says which item is meant', () => {
  const secrets = Array.from({ length: 17 }, (_, index) => ({ name: `secret-${index}` }));
  expect(messages(actor({ image: 'echo:1', imagePullSecrets: secrets }))).toEqual([
    'spec.imagePullSecrets must have at most 16 items, got 17',
  ]);
  expect(messages(actor({ image: 'echo:1', imagePullSecrets: [{ name: 'a' }, { name: '' }] }))).toEqual([
    'spec.imagePullSecrets[1].name must not be empty, got ""',
  ]);
  expect(messages(actor({ image: 'echo:1', imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }))).toEqual([
    'spec.imagePullSecrets[1] must not have the name of an item before it, got "a"',
  ]);
});

test('numbers and texts are both taken where the schema says int-or-string', () => {
  for (const memory of [1024, '64Mi'])
    expect(messages(actor({ image: 'e', limits: { memory } }))).toEqual([]);
  expect(messages(actor({ image: 'e', limits: { memory: 0 } }))).toEqual([
    'spec.limits.memory must be >= 1, got 0',
  ]);
  expect(messages(actor({ image: 'e', limits: { memory: true } }))).toEqual([
    'spec.limits.memory must be an integer or a string, got true',
  ]);
});

test('metadata is checked as the API server does', () => {
  expect(messages(actor({ image: 'e' }, { name: 'Echo' }))).toEqual([
    expect.stringMatching(/^metadata\.name must match .*, got "Echo" \(lower-case letters/),
  ]);
  expect(messages(actor({ image: 'e' }, { labels: { 'app.kubernetes.io/name': 'HTTP Server' } }))).toEqual([
    expect.stringMatching(/^metadata\.labels\[app\.kubernetes\.io\/name\] must match .*, got "HTTP Server"/),
  ]);
  const host = { ...actor({ lattices: ['shop'] }), kind: 'WasmCloudHost' };
  expect(messages(host)).toEqual([
    'metadata.namespace must not be set, because the kind belongs to no namespace, got "shop"',
  ]);
});

test('defaults hold before rules are evaluated', () => {
  const distribution = {
    ...actor({
      template: { actor: { image: 'e' } },
      strategy: { rollingUpdate: { maxSurge: 0 } }, // maxUnavailable is 0 by default
    }),
    kind: 'WasmCloudDistribution',
  };
  expect(validateManifest(distribution)).toEqual([
    {
      path: 'spec.strategy.rollingUpdate.maxSurge',
      message: expect.stringContaining('must not be 0 together with maxUnavailable') as string,
    },
  ]);
});

test('kinds of our group that do not exist, and other versions, are refused', () => {
  expect(messages({ ...actor({}), kind: 'WasmCloudActr' })).toEqual([
    'kind "WasmCloudActr" is not one of kasmcloud.io/v1alpha1: did you mean WasmCloudActor?',
  ]);
  expect(messages({ ...actor({}), apiVersion: 'kasmcloud.io/v1' })).toEqual([
    'apiVersion must be kasmcloud.io/v1alpha1, got "kasmcloud.io/v1"',
  ]);
});

test('kinds of other groups are not judged', () => {
  expect(validateManifest({ apiVersion: 'v1', kind: 'Nonsense', metadata: { name: '!' } })).toEqual([]);
});

describe('validateUpdate', () => {
  test('knows what is immutable, and that a default may be written out', () => {
    const before = actor({ image: 'echo:1' });
    expect(validateUpdate(before, actor({ image: 'echo:2', componentId: 'echo', host: 'a' }))).toEqual([]);
    expect(validateUpdate(before, actor({ image: 'echo:1', componentId: 'other' }))).toEqual([
      {
        path: 'spec.componentId',
        message: 'spec.componentId is immutable: create a new actor for a new component id (got "other")',
      },
    ]);
  });

  test('takes sets as equal in any order, as the API server does', () => {
    const link = (interfaces: string[]): KubeObject => ({
      ...actor({ source: 'a', target: 'b', wit: { namespace: 'wasi', package: 'http', interfaces } }),
      kind: 'WasmCloudLink',
    });
    expect(validateUpdate(link(['types', 'handler']), link(['handler', 'types']))).toEqual([]);
    expect(validateUpdate(link(['types', 'handler']), link(['types'])).map(({ path }) => path)).toEqual([
      'spec.wit',
    ]);
  });

  test('does not judge the old object', () => {
    expect(validateUpdate(actor({ image: 'oci://echo' }), actor({ image: 'echo:1' }))).toEqual([]);
  });
});
