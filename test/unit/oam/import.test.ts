import { importApplications, problemText } from '../../../lib/oam';
import { application, byName, fixture, fixtures, problemsOf } from './fixtures';

const one = (rest: string): string =>
  `[{ name: a, type: component, properties: { image: r.example/a:1 }, traits: [${rest}] }]`;
const scaler = '{ type: spreadscaler, properties: { instances: 1 } }';
const actor = (name: string, more = '', traits = scaler): string =>
  `{ name: ${name}, type: component, properties: { image: r.example/x:1${more} }, traits: [${traits}] }`;
const provider = (name: string, more = '', traits = ''): string =>
  `{ name: ${name}, type: capability, properties: { image: r.example/x:1${more} }, traits: [${traits}] }`;
const link = (target: string, more = 'namespace: wasi, package: keyvalue, interfaces: [store]'): string =>
  `{ type: link, properties: { target: { name: ${target} }, ${more} } }`;

test.each(fixtures)('$name imports', (file) => {
  const { objects, problems } = importApplications([file], 'default');
  expect(problems.filter(({ level }) => level === 'error')).toEqual([]);
  expect(objects).not.toEqual([]);
});

test('a component becomes a Distribution with the id that wadm gives it', () => {
  const shop = byName(fixture('shop.yaml').objects);
  expect(shop['WasmCloudDistribution/shop-cart']).toMatchObject({
    metadata: {
      namespace: 'default',
      labels: {
        'app.kubernetes.io/name': 'cart',
        'app.kubernetes.io/part-of': 'shop',
        'app.kubernetes.io/version': 'v1.4.0',
        'app.kubernetes.io/managed-by': 'kasmcloud',
      },
      annotations: { version: 'v1.4.0', 'example.com/team': 'payments' },
    },
    spec: {
      template: {
        actor: {
          image: 'registry.example.com/cart:1.4.0',
          componentId: 'shop-cart',
          config: {
            configFrom: [{ name: 'shop-defaults' }, { name: 'rates' }],
            secretFrom: [{ name: 'shop-api-key' }],
          },
        },
      },
      instances: 103,
      spread: [
        {
          name: 'east',
          selector: { matchLabels: { zone: 'us-east-1', 'kubernetes.io/arch': 'amd64' } },
          weight: 80,
        },
        { name: 'west', selector: { matchLabels: { zone: 'us-west-1' } } },
        { name: 'anywhere', selector: {}, weight: 10 },
      ],
      whenUnsatisfiable: 'Fail',
    },
  });
  expect(shop['WasmCloudDistribution/prices-v2']).toMatchObject({
    spec: {
      template: { actor: { componentId: 'prices_v2' } },
      mode: 'Daemon',
      instances: 5,
      spread: [{ name: 'edge', selector: { matchLabels: { tier: 'edge' } } }],
    },
  });
  expect(shop['WasmCloudDistribution/shop-http']).toMatchObject({
    spec: { template: { provider: { componentId: 'shop-http' } }, instances: 1 },
  });
  expect(shop['WasmCloudDistribution/reports-report']).toMatchObject({ spec: { instances: 0 } });
});

test('a link names ids, and takes its configuration from ConfigMaps and Secrets', () => {
  const { objects, problems } = fixture('shop.yaml');
  const shop = byName(objects);
  expect(shop['WasmCloudLink/shop-cart-redis-wasi-keyvalue']).toMatchObject({
    spec: {
      source: 'shop-cart',
      target: 'shop-redis',
      wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics'] },
      targetConfig: {
        configFrom: [{ name: 'shop-redis-url' }],
        secretFrom: [{ name: 'shop-redis-password' }],
      },
    },
  });
  expect(shop['WasmCloudLink/shop-cart-redis-wasi-keyvalue-archive']).toMatchObject({
    spec: { name: 'archive' },
  });
  expect(shop['ConfigMap/shop-redis-url']).toMatchObject({ data: { url: 'redis://127.0.0.1:6379' } });
  expect(objects.filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(4);
  const messages = problems.map(({ message }) => message);
  expect(messages).toContain(
    'comes from Secret default/shop-api-key, key api-key: put there what the backend vault-prod has at key shop/api, field value, version 3',
  );
  expect(messages).toContain(
    'has no properties: ConfigMap default/rates must be there, made by somebody else',
  );
  // The other application's configuration is there.
  expect(messages.join()).not.toContain('shop-defaults');
});

test('what our kinds have no place for is kept as an annotation', () => {
  const cart = byName(fixture('shop.yaml').objects)['WasmCloudDistribution/shop-cart'] as {
    metadata: { annotations: Record<string, string> };
  };
  expect(JSON.parse(cart.metadata.annotations['kasmcloud.io/wadm'] ?? '')).toEqual({
    labels: { 'app.oam.io/name': 'shop', 'app.oam.io/title': 'labels of Kubernetes have no spaces' },
    policies: [
      {
        name: 'vault',
        type: 'policy.secret.wasmcloud.dev/v1alpha1',
        properties: { backend: 'vault-prod', role_name: 'shop' },
      },
    ],
    traits: [{ type: 'mirror', properties: { to: ['elsewhere'], depth: 2 } }],
    secrets: [
      { name: 'api-key', properties: { policy: 'vault', key: 'shop/api', field: 'value', version: '3' } },
    ],
  });
});

test('a component of another application is that one, not a second', () => {
  const { objects } = fixture('shared.yaml');
  expect(Object.keys(byName(objects)).sort()).toEqual([
    'ConfigMap/blog-2-listen',
    'ConfigMap/blog-2-style',
    'WasmCloudDistribution/blog-2-pages',
    'WasmCloudDistribution/http-server',
    'WasmCloudDistribution/platform-audit',
    'WasmCloudLink/blog-2-pages-platform-audit-acme-audit',
    'WasmCloudLink/http-server-pages-wasi-http',
    'WasmCloudLink/platform-audit-pages-acme-pages',
  ]);
  expect(byName(objects)['WasmCloudLink/http-server-pages-wasi-http']).toMatchObject({
    metadata: { labels: { 'app.kubernetes.io/part-of': 'Blog_2' } },
    spec: {
      source: 'http_server',
      target: 'blog_2-pages',
      sourceConfig: { configFrom: [{ name: 'blog-2-listen' }] },
    },
  });
});

test('links that a lattice has only one of are joined', () => {
  const { objects, problems } = fixture('twice.yaml');
  expect(byName(objects)['WasmCloudLink/twice-counter-redis-wasi-keyvalue']).toMatchObject({
    spec: { wit: { interfaces: ['atomics', 'store'] } },
  });
  expect(objects.filter(({ kind }) => kind === 'WasmCloudLink')).toHaveLength(3);
  expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
    expect.stringMatching(/^22 links wasi:keyvalue to redis as another link does/),
    expect.stringMatching(/^26 links wasi:keyvalue\/batch to other again: it is taken once/),
    expect.stringMatching(/^38 links a provider to a provider, redis/),
  ]);
  // Weights above ours keep their ratio.
  expect(byName(objects)['WasmCloudDistribution/twice-counter']).toMatchObject({
    spec: { instances: 9001, spread: [{ weight: 4 }, { weight: 1 }] },
  });
});

test('keys of earlier days are taken, each with a warning at its line', () => {
  const { objects, problems } = fixture('old.json');
  expect(problems.map(({ line, path, message }) => `${line} ${path} ${message}`)).toEqual([
    expect.stringMatching(/^7 spec.components\[0\] has no spreadscaler or daemonscaler/),
    expect.stringMatching(/^10 spec.components\[0\].properties.image is a file, .*relative/),
    expect.stringMatching(/^15 .*target as a text is deprecated/),
    expect.stringMatching(/^18 .*is not known in wasi:blobstore: blobstor; did you mean blobstore\?/),
    expect.stringMatching(/^19 .*target_config is deprecated/),
    expect.stringMatching(/^24 .*image names no registry, got "blobstore-fs:0.11"/),
    expect.stringMatching(/^34 .*target as a text is deprecated/),
    expect.stringMatching(/^38 .*source_config is deprecated/),
  ]);
  expect(byName(objects)).toMatchObject({
    'WasmCloudDistribution/old-files': {
      spec: { template: { actor: { image: 'file://./build/files_s.wasm' } } },
    },
    'WasmCloudDistribution/old-http': {
      spec: { template: { provider: { image: 'localhost:5000/http-server:0.27.0' } } },
    },
    'WasmCloudLink/old-http-files-wasi-http': {
      spec: { sourceConfig: { configFrom: [{ name: 'old-http' }] } },
    },
  });
});

test('names too long or too foreign for Kubernetes get a hash, and keep what they are', () => {
  const { objects } = fixture('long.yaml');
  for (const { metadata } of objects) expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  const distributions = objects.filter(({ kind }) => kind === 'WasmCloudDistribution');
  expect(
    distributions.map(
      ({ metadata }) => JSON.parse(metadata.annotations?.['kasmcloud.io/wadm'] ?? '{}') as unknown,
    ),
  ).toEqual([
    { application: expect.stringMatching(/^an-application-/) as string },
    { application: expect.stringMatching(/^an-application-/) as string, name: 'класс' },
  ]);
});

describe('wadm refuses', () => {
  test.each([
    ['no manifest', 'a: [', /^error {2}is not YAML: /],
    ['an empty file', '# nothing', /^error {2}has no manifest/],
    ['a list', '[]', /^error {2}must be a map/],
    [
      'another kind',
      'apiVersion: core.oam.dev/v1beta1\nkind: Aplication',
      /^error kind must be Application, got "Aplication"/,
    ],
    [
      'another version',
      'apiVersion: v1\nkind: Application',
      /^error apiVersion must be core.oam.dev\/v1beta1, got "v1"/,
    ],
    ['a made-up block', `${application('[]')}\nsped: {}`, /^error sped is not known: did you mean spec\?/],
    ['no components', application('null'), /^error spec.components is missing/],
    [
      'a bad name',
      application('[]', 'a.b'),
      /^error metadata.name must be letters, digits, - and _, got "a.b"/,
    ],
    [
      'no annotations',
      application('[]').replace(', annotations: {}', ''),
      /^error metadata.annotations is missing/,
    ],
    [
      'the version latest',
      application('[]').replace('{}', '{ version: latest }'),
      /^error metadata.annotations.version must not be latest/,
    ],
    [
      'a number as text',
      application('[]').replace('{}', '{ version: 1.0 }'),
      /^error metadata.annotations.version must be a text, got 1: put it in quotes/,
    ],
    [
      'a bad annotation',
      application('[]').replace('{}', '{ "-x": y }'),
      /^error metadata.annotations\[-x\] has a key that is none/,
    ],
    [
      'a type',
      application('[{ name: a, type: componet, properties: { image: r.example/a } }]'),
      /type must be component or capability, got "componet": did you mean component\?/,
    ],
    [
      'neither image nor application',
      application('[{ name: a, type: capability, properties: {} }]'),
      /has neither image nor application/,
    ],
    [
      'image and application',
      application(`[${provider('a', ', application: { name: b, component: c }')}]`),
      /has both image and application/,
    ],
    [
      'an unknown key',
      application(`[${actor('a', ', imag: x')}]`),
      /properties.imag is not known: did you mean image\?/,
    ],
    [
      'an unknown key of a trait',
      application(one('{ type: spreadscaler, properties: { instances: 1 }, x: 1 }')),
      /traits\[0\].x is not known/,
    ],
    [
      'an unknown key of a scaler',
      application(one('{ type: spreadscaler, properties: { instances: 1, source_config: [] } }')),
      /properties.source_config is not known/,
    ],
    [
      'an unknown key of a configuration',
      application(`[${actor('a', ', config: [{ name: c, propertes: {} }]')}]`),
      /config\[0\].propertes is not known: did you mean properties\?/,
    ],
    [
      'a scaler without a number',
      application(one('{ type: daemonscaler, properties: {} }')),
      /instances is missing/,
    ],
    [
      'a negative number',
      application(one('{ type: spreadscaler, properties: { instances: -1 } }')),
      /instances must be a whole number from 0, got -1/,
    ],
    [
      'a spread without requirements',
      application(one('{ type: spreadscaler, properties: { instances: 1, spread: [{ name: x }] } }')),
      /spread\[0\].requirements is missing/,
    ],
    [
      'weights of nothing',
      application(
        one(
          '{ type: spreadscaler, properties: { instances: 1, spread: [{ name: x, requirements: {}, weight: 0 }] } }',
        ),
      ),
      /spread has no weight above 0/,
    ],
    [
      'a link without interfaces',
      application(`[${actor('a', '', link('a', 'namespace: n, package: p'))}]`),
      /interfaces is missing/,
    ],
    [
      'a link without a target',
      application(
        `[${actor('a', '', '{ type: link, properties: { namespace: n, package: p, interfaces: [i] } }')}]`,
      ),
      /properties.target is missing/,
    ],
    [
      'a number in a configuration',
      application(`[${actor('a', ', config: [{ name: c, properties: { port: 80 } }]')}]`),
      /properties.port must be a text, got 80: put it in quotes/,
    ],
    [
      'two components of a name',
      application(`[${actor('a')}, ${actor('a')}]`),
      /^error spec.components\[1\].name must be that of one component only/,
    ],
    [
      'two components of an id',
      application(`[${actor('a', ', id: x')}, ${provider('b', ', id: x')}]`),
      /^error spec.components\[1\].properties.id gives a component the id "x"/,
    ],
    [
      'a dangling link',
      application(`[${actor('redis')}, ${actor('b', '', link('reddis'))}]`),
      /target.name names no component of this application, got "reddis": did you mean redis\?/,
    ],
    [
      'links of one name to two targets',
      application(`[${actor('a', '', `${link('b')}, ${link('c')}`)}, ${provider('b')}, ${provider('c')}]`),
      /traits\[1\].properties cannot be told from another link of app-a by the name "default" over wasi:keyvalue\/store/,
    ],
    [
      'one link with two configurations',
      application(
        `[${actor('a', '', `${link('b')}, ${link('b', 'namespace: wasi, package: keyvalue, interfaces: [batch], source: { config: [{ name: x }] }')}`)}, ${provider('b')}]`,
      ),
      /cannot be told from another link of app-a by the name "default" over wasi:keyvalue:/,
    ],
    [
      'a link configuration twice',
      application(
        `[${actor('a', '', link('b', 'namespace: n, package: p, interfaces: [i], source: { config: [{ name: x, properties: {} }, { name: x, properties: {} }] }'))}, ${provider('b')}]`,
      ),
      /config\[1\].name must be that of one configuration only, got "x" again/,
    ],
    [
      'a secret without a policy',
      application(`[${actor('a', ', secrets: [{ name: s, properties: { policy: vault, key: k } }]')}]`),
      /policy names no policy of this application, got "vault"/,
    ],
    [
      'a policy that is not of secrets',
      `${application(`[${actor('a', ', secrets: [{ name: s, properties: { policy: p, key: k } }]')}]`)}\n  policies: [{ name: p, type: t, properties: {} }]`,
      /policy names a policy of type t for the secret s/,
    ],
    [
      'a policy without a backend',
      `${application(`[${actor('a', ', secrets: [{ name: s, properties: { policy: p, key: k } }]')}]`)}\n  policies: [{ name: p, type: policy.secret.wasmcloud.dev/v1alpha1, properties: {} }]`,
      /policy names a policy without a backend/,
    ],
  ])('%s', (_what, text, message) => {
    const problems = problemsOf(text);
    expect(problems.filter((problem) => message.test(problem))).toHaveLength(1);
    expect(problems.some((problem) => problem.startsWith('error'))).toBe(true);
  });
});

describe('wadm says nothing of', () => {
  test.each([
    [
      'an unknown key of metadata',
      application('[]').replace('{}', '{}, lables: {}'),
      /metadata.lables is not known, and ignored: did you mean labels\?/,
    ],
    [
      'an unknown key of a component',
      application(`[${actor('a').replace('name: a,', 'name: a, trait: [],')}]`),
      /trait is not known, and ignored: did you mean traits\?/,
    ],
    [
      'an unknown key of a link',
      application(
        `[${provider('a')}, ${actor('b', '', link('a', 'namespace: wasi, package: keyvalue, interfaces: [store], sourceconfig: []'))}]`,
      ),
      /sourceconfig is not known, and ignored: did you mean source_config\?/,
    ],
    [
      'a policy of another type',
      `${application('[]')}\n  policies: [{ name: p, type: t, properties: {} }]`,
      /spec.policies has p of type t, which does nothing: it is kept as an annotation/,
    ],
    [
      'a trait of another type',
      application(one(`${scaler}, { type: linkdef, properties: {} }`)),
      /traits\[1\] is of a type that does nothing, got linkdef: it is kept as an annotation/,
    ],
    [
      'a slip in an interface',
      application(
        `[${provider('a')}, ${actor('b', '', link('a', 'namespace: wasi, package: keyvalue, interfaces: [atomic]'))}]`,
      ),
      /interfaces\[0\] is not known in wasi:keyvalue: atomic; did you mean atomics\?/,
    ],
    [
      'a slip in a package',
      application(
        `[${provider('a')}, ${actor('b', '', link('a', 'namespace: wasi, package: keyvalues, interfaces: [store]'))}]`,
      ),
      /package is not known: wasi:keyvalues; did you mean wasi:keyvalue\?/,
    ],
    [
      'a link to oneself',
      application(`[${provider('a', '', link('a'))}]`),
      /traits\[0\].properties links a component to itself, .* it is left out/,
    ],
    [
      'a component that nothing scales',
      application(one('')),
      /has no spreadscaler or daemonscaler, without which wadm starts no component: it is imported with one instance/,
    ],
    ['no components at all', application('[]'), /spec.components is empty: there is nothing to import/],
  ])('%s, and we warn', (_what, text, message) => {
    const problems = problemsOf(text);
    expect(problems.filter((problem) => message.test(problem))).toHaveLength(1);
    expect(problems.filter((problem) => problem.startsWith('error'))).toEqual([]);
  });
});

test('an interface of one’s own is nobody’s business', () => {
  const own = link('a', 'namespace: acme, package: whatever, interfaces: [atomic]');
  expect(problemsOf(application(`[${provider('a')}, ${actor('b', '', `${scaler}, ${own}`)}]`))).toEqual([]);
});

describe('applications of one lattice', () => {
  const shared = application(`[${provider('http')}]`, 'platform').replace(
    'annotations: {}',
    "annotations: { experimental.wasmcloud.dev/shared: 'true' }",
  );
  const uses = (component: string, name = 'platform', more = ''): string =>
    application(
      `[{ name: h, type: capability, properties: { application: { name: ${name}, component: ${component} } ${more} } }]`,
      'blog',
    );

  test.each([
    [
      'one name twice',
      [application('[]'), application('[]')],
      /metadata.name must be that of one application only, got "app", which is in 0.yaml too/,
    ],
    [
      'one id twice',
      [application(`[${actor('a', ', id: x')}]`), application(`[${actor('b', ', id: x')}]`, 'other')],
      /id gives a component the id "x" that one in 0.yaml has already/,
    ],
    [
      'ids that Kubernetes takes for one',
      [application(`[${actor('a', ', id: x_y')}]`), application(`[${actor('b', ', id: x-Y')}]`, 'other')],
      /gives a component the name x-y, which "x_y" in 0.yaml has already/,
    ],
    [
      'an application that is not there',
      [uses('http', 'elsewhere')],
      /application.name names no application that was given, got "elsewhere": give its manifest as well/,
    ],
    [
      'a component that is not there',
      [shared, uses('htp')],
      /application.component names no component of platform, got "htp": did you mean http\?/,
    ],
    [
      'an application that does not share',
      [application(`[${provider('http')}]`, 'platform'), uses('http')],
      /names a component of platform, which does not share/,
    ],
    [
      'configuration of another’s component',
      [shared, uses('http', 'platform', ', config: [{ name: c }]')],
      /config cannot be given to a component of another application/,
    ],
    ['itself', [uses('h', 'blog')], /names a component without an image, blog\/h/],
  ])('%s is refused', (_what, texts, message) => {
    expect(
      problemsOf(...texts).filter((problem) => problem.startsWith('error') && message.test(problem)),
    ).toHaveLength(1);
  });

  test('are found in whatever file they are', () => {
    expect(problemsOf(uses('http'), shared)).toEqual([]);
  });
});

test('a secret among properties is imported with a warning at its line, which does not show it', () => {
  const text = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: a}
spec:
  components:
    - name: b
      type: component
      properties:
        image: registry.example.com/b:1
        config:
          - name: c
            properties:
              url: redis://:hush@redis.example.com
`;
  const { problems } = importApplications([{ name: 'a.yaml', text }], 'default');
  expect(problems.map(problemText)).toContain(
    'a.yaml:13: warning: spec.components[0].properties.config[0].properties.url holds a password, which would stand in a ConfigMap for everybody to read: make it a secret of the manifest',
  );
});
