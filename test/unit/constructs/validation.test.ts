import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import {
  Actor,
  Config,
  type ConfigInput,
  Distribution,
  Host,
  Lattice,
  Link,
  Provider,
  WasmCloudActor,
  WasmCloudDistribution,
  WasmCloudLink,
} from 'kasmcloud';
import { issuesOf as issues } from './issues';

const image = 'registry.example.com/cart:1.4.0';
const wit = { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] };

test('every mistake is reported at once, each with path, value and remedy', () => {
  const found = issues((lattice) => {
    new Actor(lattice, 'cart', { image: '', instances: -1 });
    new Provider(lattice, 'redis', { image: 'http://example.com/redis', limits: {} } as never);
    new WasmCloudActor(lattice, 'raw', { spec: { image, instnaces: 3 } as never });
  });
  expect(found).toEqual([
    expect.stringMatching(/^\[shop\/cart\] spec\.image must not be empty/),
    expect.stringMatching(/^\[shop\/cart\] spec\.image must match .*, got ""/),
    '[shop/cart] spec.instances must be >= 0, got -1',
    expect.stringMatching(/^\[shop\/redis\] spec\.image must be builtin:\/\/NAME, an OCI reference or/),
    expect.stringMatching(
      /^\[shop\/raw\] spec\.instnaces is not a field of this object: did you mean instances\?/,
    ),
  ]);
});

test('a secret among plain values is reported without being shown, unless it is said to be none', () => {
  const declare = (config: ConfigInput) => (lattice: Lattice) => {
    const http = Provider.httpServer(lattice, 'http');
    const cart = new Distribution(lattice, 'cart', {
      actor: { image: 'registry.example.com/cart:1', config },
    });
    http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: config });
  };
  const plain = { password: 'hunter2', currency: 'EUR' };
  const issue = (at: string, property: string) =>
    `[${at}] ${property}.password looks like a secret, which would stand in the manifest for everybody to read: put it into a Secret and give Config.from(Secret.fromSecretName(scope, id, name)), or Config.plain({ ... }) if it is none`;
  const expected = [issue('shop/http/cart-wasi-http', 'sourceConfig'), issue('shop/cart', 'config')];
  expect(issues(declare(plain))).toEqual(expected);
  expect(issues(declare(Config.from(Config.from(plain), { vat: '19' })))).toEqual(expected);
  expect(issues(declare(Config.plain(plain)))).toEqual([]);
  expect(issues(declare(Config.from({ vat: '19' }, Config.plain(plain))))).toEqual([]);
});

test('an image without its registry', () => {
  const declare = (lattice: Lattice) => {
    for (const [id, own] of Object.entries({
      ok: 'localhost:5000/cart',
      file: 'file:///cart.wasm',
      no: 'cart:1.0',
    }))
      new Actor(lattice, id, { image: own });
    new Provider(lattice, 'store', { image: 'shop/store' });
    new Distribution(lattice, 'web', { actor: { image: 'web' } });
  };
  const issue = (at: string, property: string, got: string) =>
    `[shop/${at}] ${property} must name its registry, got "${got}": for example registry.example.com/${got}`;
  expect(issues(declare)).toEqual([
    issue('no', 'spec.image', 'cart:1.0'),
    issue('store', 'spec.image', 'shop/store'),
    issue('web', 'spec.template.actor.image', 'web'),
  ]);
});

test('what a JSON patch makes is not judged here', () => {
  expect(
    issues((lattice) =>
      ApiObject.of(new Actor(lattice, 'cart', { image })).addJsonPatch(
        JsonPatch.add('/spec/instances', -1),
        JsonPatch.add('/spec/unknown', true),
      ),
    ),
  ).toEqual([]);
});

describe('names', () => {
  test('two objects of a kind with one name', () => {
    expect(
      issues((lattice) => {
        new Actor(lattice, 'cart', { image });
        new Actor(lattice, 'Cart', { image });
      }),
    ).toEqual([
      '[shop/Cart] metadata.name must be unique, got "cart", which is the name of the WasmCloudActor [shop/cart] too: give one of them another metadata.name',
    ]);
  });

  test('one name for two kinds is fine, but one component id is not', () => {
    expect(
      issues((lattice) => {
        new Actor(lattice, 'cart', { image });
        Provider.httpServer(lattice, 'http', { metadata: { name: 'cart' }, componentId: 'http' });
      }),
    ).toEqual([]);
    expect(
      issues((lattice) => {
        new Actor(lattice, 'cart', { image });
        Provider.httpServer(lattice, 'http', { componentId: 'cart' });
      }),
    ).toEqual([
      expect.stringMatching(
        /^\[shop\/http\] spec\.componentId .* got "cart", .* the actor \[shop\/cart\] too/,
      ),
    ]);
  });

  test('two actors with one component id are replicas', () => {
    expect(
      issues((lattice) => {
        for (const name of ['a', 'b'])
          new Actor(lattice, name, {
            image,
            componentId: 'cart',
            host: Host.fromHostName(lattice, `on-${name}`, name),
          });
      }),
    ).toEqual([]);
  });

  test('hosts of two lattices share the names of the cluster', () => {
    const app = Testing.app();
    for (const id of ['shop', 'bank']) new Host(new Lattice(app, id), 'edge', { metadata: { name: 'edge' } });
    expect(() => app.synthYaml()).toThrow(
      /\[bank\/edge\] metadata\.name must be unique, got "edge", .*\[shop\/edge\]/,
    );
  });

  test('too long a name', () => {
    expect(issues((lattice) => new Actor(lattice, 'x'.repeat(64), { image }))).toEqual([
      expect.stringMatching(
        /^\[shop\/x+\] metadata\.name must have at most 63 characters, got 64 in "x+": shorten/,
      ),
    ]);
  });

  test('a namespace that is none', () => {
    const lattice = new Lattice(Testing.app(), 'Shop');
    expect(() => lattice.toJson()).toThrow(
      '[Shop] namespace must be a DNS label of at most 63 characters, got "Shop"',
    );
  });

  test('a construct that was taken out again clashes with nothing', () => {
    expect(
      issues((lattice) => {
        new Actor(lattice, 'Cart', { image });
        lattice.node.tryRemoveChild('Cart');
        new Actor(lattice, 'cart', { image });
      }),
    ).toEqual([]);
  });
});

describe('links', () => {
  test('an end that is not in the lattice', () => {
    expect(
      issues((lattice) => {
        const stranger = new Actor(new Lattice(Testing.app(), 'bank'), 'teller', { image });
        new Link(lattice, 'link', {
          source: new Actor(lattice, 'cart', { image }),
          target: stranger,
          wit: 'a:b/c',
        });
        new WasmCloudLink(lattice, 'raw', { spec: { source: 'crat', target: 'cart', wit } });
      }),
    ).toEqual([
      expect.stringMatching(
        /^\[shop\/link\] spec\.target must be the id .* of this lattice, got "teller": declare it/,
      ),
      expect.stringMatching(
        /^\[shop\/raw\] spec\.source must be the id .* of this lattice, got "crat": declare it/,
      ),
    ]);
  });

  test('ends that are imported or come from a distribution', () => {
    expect(
      issues((lattice) => {
        new WasmCloudDistribution(lattice, 'cart', { spec: { template: { actor: { image } } } });
        Provider.fromProviderName(lattice, 'Http', 'http');
        new WasmCloudLink(lattice, 'raw', { spec: { source: 'http', target: 'cart', wit } });
      }),
    ).toEqual([]);
  });

  test('a plain chart does not claim to know the whole lattice', () => {
    const chart = new Chart(Testing.app(), 'plain', { namespace: 'team-a' });
    new WasmCloudLink(chart, 'raw', { spec: { source: 'http', target: 'cart', wit } });
    expect(Testing.synth(chart)).toHaveLength(1);
  });

  test('two links that the lattice could not tell apart', () => {
    const declare = (second: object) => (lattice: Lattice) => {
      const http = Provider.httpServer(lattice, 'http');
      http.linkTo(new Actor(lattice, 'cart', { image }), { wit: 'wasi:http/incoming-handler' });
      http.linkTo(new Actor(lattice, 'desk', { image }), { wit: 'wasi:http/incoming-handler', ...second });
    };
    expect(issues(declare({}))).toEqual([
      '[shop/http/desk-wasi-http] spec.name must tell links apart, got "default", by which [shop/http/cart-wasi-http] links "http" over wasi:http already: give one of them another name',
    ]);
    expect(issues(declare({ name: 'desk' }))).toEqual([]);
    expect(issues(declare({ wit: 'wasi:http/outgoing-handler' }))).toEqual([]);
  });

  test('a link from a component to itself', () => {
    expect(
      issues((lattice) => {
        const cart = new Actor(lattice, 'cart', { image });
        cart.linkTo(cart, { wit: 'shop:cart/checkout' });
      }),
    ).toEqual([
      '[shop/cart/cart-shop-cart] spec.target must not be the source, got "cart" for both: a component does not call itself over the lattice, so name another',
    ]);
  });

  test.each([
    [
      'wasi:http/incomming-handler',
      'spec.wit.interfaces[0] must be an interface of wasi:http, got "incomming-handler": did you mean incoming-handler?',
    ],
    [
      'wasi:keyvalue/store,atomic',
      'spec.wit.interfaces[1] must be an interface of wasi:keyvalue, got "atomic": did you mean atomics?',
    ],
    [
      'wasi:keyvalu/store',
      'spec.wit.package must be one that is known, got wasi:keyvalu: did you mean wasi:keyvalue?',
    ],
    [
      'wasmcloud:messaging/teleport',
      'spec.wit.interfaces[0] must be an interface of wasmcloud:messaging, got "teleport": it knows consumer, handler, incoming-handler, producer, request-reply',
    ],
  ])('%s, which nobody knows', (name, message) => {
    const link = (lattice: Lattice, wit: string) =>
      new Actor(lattice, 'cart', { image }).linkTo(Provider.fromProviderName(lattice, 'P', 'p'), { wit });
    expect(issues((lattice) => void link(lattice, name))).toEqual([
      expect.stringMatching(/^\[shop\/cart\//) as string,
    ]);
    expect(issues((lattice) => void link(lattice, name))[0]).toContain(message);
  });

  test("interfaces of packages of one's own, and what is written as the object itself, are not judged", () => {
    expect(
      issues((lattice) => {
        const cart = new Actor(lattice, 'cart', { image });
        const store = Provider.fromProviderName(lattice, 'Store', 'store');
        cart.linkTo(store, { wit: 'shop:stock/anything' });
        cart.linkTo(store, { wit: 'wasmcloud:couchbase/document' });
        new WasmCloudLink(lattice, 'raw', {
          spec: { source: 'cart', target: 'store', wit: { ...wit, interfaces: ['new-handler'] } },
        });
      }),
    ).toEqual([]);
  });
});
