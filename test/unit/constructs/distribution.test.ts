import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import { Actor, Distribution, Host, Lattice, Provider } from 'kasmcloud';
import { issuesOf as issues } from './issues';

const image = 'registry.example.com/cart:1.4.0';

/** The spec of the only distribution of a lattice. */
function specOf(declare: (lattice: Lattice) => void): unknown {
  const lattice = new Lattice(Testing.app(), 'shop', { createNamespace: false });
  declare(lattice);
  return (Testing.synth(lattice)[0] as { spec: unknown }).spec;
}

test('every part of a spread deployment reaches the manifest', () => {
  expect(
    specOf((lattice) =>
      new Distribution(lattice, 'cart', {
        actor: { image, limits: { memory: '64Mi' }, config: { currency: 'EUR' }, componentId: 'the-cart' },
        instances: 30,
        topologyKey: 'rack',
        whenUnsatisfiable: 'Fail',
        minReadySeconds: 5,
        autoRollback: true,
      })
        .spread('eu', { matchLabels: { zone: 'eu' }, weight: 80, min: 3, max: 25 })
        .spread('rest', {
          matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['eu'] }],
          weight: 20,
        })
        .tolerate({ key: 'spot', operator: 'Exists' }, { key: 'gpu', value: 'yes' })
        .rollingUpdate({ maxSurge: '50%', maxUnavailable: 1 })
        .rebalance('Continuous'),
    ),
  ).toEqual({
    template: {
      actor: {
        image,
        limits: { memory: '64Mi' },
        config: { values: { currency: 'EUR' } },
        componentId: 'the-cart',
        tolerations: [
          { key: 'spot', operator: 'Exists' },
          { key: 'gpu', value: 'yes' },
        ],
      },
    },
    instances: 30,
    topologyKey: 'rack',
    whenUnsatisfiable: 'Fail',
    minReadySeconds: 5,
    autoRollback: true,
    spread: [
      { name: 'eu', selector: { matchLabels: { zone: 'eu' } }, weight: 80, min: 3, max: 25 },
      {
        name: 'rest',
        selector: { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['eu'] }] },
        weight: 20,
      },
    ],
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 1 } },
    rebalance: 'Continuous',
  });
});

test('a daemon of a provider', () => {
  expect(
    specOf((lattice) =>
      new Distribution(lattice, 'http', {
        provider: { image: 'builtin://http-server', restartPolicy: 'OnFailure', service: { enabled: true } },
      })
        .daemon()
        .spread('edge', { matchLabels: { edge: 'yes' } }),
    ),
  ).toEqual({
    mode: 'Daemon',
    spread: [{ name: 'edge', selector: { matchLabels: { edge: 'yes' } } }],
    template: {
      provider: {
        image: 'builtin://http-server',
        restartPolicy: 'OnFailure',
        service: { enabled: true },
      },
    },
  });
});

describe('strategies', () => {
  test.each<[string, (distribution: Distribution) => unknown, object]>([
    ['recreate', (it) => it.recreate(), { type: 'Recreate' }],
    ['blue-green', (it) => it.blueGreen(), { type: 'BlueGreen' }],
    ['rolling', (it) => it.rollingUpdate(), { type: 'RollingUpdate' }],
    [
      'canary',
      (it) => it.canary([{ weight: 10, pauseSeconds: 60 }, { weight: 50 }], { autoPromote: false }),
      {
        type: 'Canary',
        canary: { steps: [{ weight: 10, pauseSeconds: 60 }, { weight: 50 }], autoPromote: false },
      },
    ],
    [
      'canary that is judged in its own way',
      (it) => it.canary([{ weight: 10 }], { analysis: { maxErrorPercent: 1, windowSeconds: 60 } }),
      {
        type: 'Canary',
        canary: { steps: [{ weight: 10 }], analysis: { maxErrorPercent: 1, windowSeconds: 60 } },
      },
    ],
  ])('%s', (_name, choose, strategy) => {
    expect(
      specOf((lattice) => choose(new Distribution(lattice, 'cart', { actor: { image } }))),
    ).toMatchObject({
      strategy,
    });
  });
});

test('is linked as the one component that it is', () => {
  expect(
    issues((lattice) => {
      const cart = new Distribution(lattice, 'cart', { actor: { image } });
      const http = new Distribution(lattice, 'http', { provider: { image: 'builtin://http-server' } });
      const store = Distribution.fromDistributionName(lattice, 'Store', 'store', 'provider');
      http.linkTo(cart, { wit: 'wasi:http/incoming-handler' });
      const link = cart.linkTo(store, { wit: 'wasi:keyvalue/store' });
      expect([link.name, link.source, link.target]).toEqual(['cart-store-wasi-keyvalue', 'cart', 'store']);
    }),
  ).toEqual([]);
});

test('a patch of a field that nobody here knows reaches the manifest', () => {
  expect(
    specOf((lattice) =>
      ApiObject.of(new Distribution(lattice, 'cart', { actor: { image } })).addJsonPatch(
        JsonPatch.add('/spec/newField', true),
      ),
    ),
  ).toMatchObject({ newField: true });
});

describe('mistakes', () => {
  test.each<[string, (lattice: Lattice) => unknown, RegExp[]]>([
    [
      'no weight at all',
      (lattice) =>
        new Distribution(lattice, 'cart', { actor: { image } })
          .spread('eu', { weight: 0 })
          .spread('us', { weight: 0 }),
      [/^\[shop\/cart\] spec\.spread must give at least one group a weight above 0/],
    ],
    [
      'two groups with one name, and a max below min',
      (lattice) =>
        new Distribution(lattice, 'cart', { actor: { image } }).spread('eu', { min: 3, max: 1 }).spread('eu'),
      [
        /^\[shop\/cart\] spec\.spread\[1\] must not have the name of an item before it, got "eu"/,
        /^\[shop\/cart\] spec\.spread\[0\]\.max must not be below min/,
      ],
    ],
    [
      'two strategies',
      (lattice) => new Distribution(lattice, 'cart', { actor: { image } }).recreate().blueGreen(),
      [/^\[shop\/cart\] spec\.strategy must be chosen once, got Recreate, then BlueGreen: keep one/],
    ],
    [
      'falling steps and bounds that let nothing move',
      (lattice) => {
        new Distribution(lattice, 'a', { actor: { image } }).canary([{ weight: 50 }, { weight: 10 }]);
        new Distribution(lattice, 'b', { actor: { image } }).rollingUpdate({
          maxSurge: 0,
          maxUnavailable: 0,
        });
      },
      [/^\[shop\/a\] .*must not fall in weight/, /^\[shop\/b\] .*maxSurge must not be 0 together/],
    ],
    [
      'an analysis that cannot be',
      (lattice) =>
        new Distribution(lattice, 'a', { actor: { image } }).canary([{ weight: 50 }], {
          analysis: { maxErrorPercent: 101, minErrors: 0 },
        }),
      [/^\[shop\/a\] .*analysis\.maxErrorPercent/, /^\[shop\/a\] .*analysis\.minErrors/],
    ],
    [
      'neither actor nor provider, and both',
      (lattice) => {
        new Distribution(lattice, 'none', {} as never);
        new Distribution(lattice, 'both', { actor: { image }, provider: { image } } as never);
      },
      [/^\[shop\/none\] spec\.template must/, /^\[shop\/both\] spec\.template must/],
    ],
    [
      'a deadline that no rollout meets',
      (lattice) =>
        new Distribution(lattice, 'cart', {
          actor: { image },
          minReadySeconds: 60,
          progressDeadlineSeconds: 30,
        }),
      [/^\[shop\/cart\] spec\.progressDeadlineSeconds must be above minReadySeconds/],
    ],
  ])('%s', (_name, declare, messages) => {
    expect(issues((lattice) => void declare(lattice))).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });
});

describe('runtimes of providers', () => {
  const only = (declare: (lattice: Lattice) => void) => specOf(declare);

  test('pods of its own', () => {
    expect(
      only((lattice) => {
        new Provider(lattice, 'redis', {
          runtime: 'Container',
          image: 'registry.example.com/redis:1.0.0',
          container: { replicas: 2, ports: [{ containerPort: 8000 }] },
        });
      }),
    ).toEqual({
      runtime: 'Container',
      image: 'registry.example.com/redis:1.0.0',
      container: { replicas: 2, ports: [{ containerPort: 8000 }] },
    });
  });

  test('any program', () => {
    expect(only((lattice) => void new Provider(lattice, 'erp', { runtime: 'External' }))).toEqual({
      runtime: 'External',
    });
  });

  test('what does not go together is refused, by the compiler and at synth', () => {
    expect(
      issues((lattice) => {
        // @ts-expect-error -- an external program has no image here
        new Provider(lattice, 'a', { runtime: 'External', image });
        // @ts-expect-error -- a process is no container
        new Provider(lattice, 'b', { image, container: { replicas: 2 } });
        const host = Host.fromHostName(lattice, 'Edge', 'edge');
        // @ts-expect-error -- pods are not placed on hosts
        new Provider(lattice, 'c', { runtime: 'Container', image, host });
        // @ts-expect-error -- and a process needs an image
        new Provider(lattice, 'd', {});
        new Actor(lattice, 'e', { image, host, hostSelector: {} });
      }),
    ).toEqual([
      expect.stringMatching(/^\[shop\/a\] spec\.image/),
      expect.stringMatching(/^\[shop\/b\] spec\.container/),
      expect.stringMatching(/^\[shop\/c\] spec\.host/),
      expect.stringMatching(/^\[shop\/d\] spec\.image/),
      expect.stringMatching(/^\[shop\/e\] spec\.host/),
    ]);
  });
});
