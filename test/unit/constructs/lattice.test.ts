import { ApiObject, App, Chart, JsonPatch, Lazy, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { Actor, Host, Lattice, Provider, WasmCloudActor, WasmCloudHost, WasmCloudLattice } from 'kasmcloud';

interface Manifest {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
}

const image = 'registry.example.com/cart:1.4.0';
const render = (chart: Chart) => Testing.synth(chart) as Manifest[];
const shop = () => new Lattice(Testing.app(), 'shop');

describe('the manifests of a lattice', () => {
  test('a lattice of one actor behind an HTTP server', () => {
    const lattice = shop();
    const cart = new Actor(lattice, 'cart', { image, instances: 100 });
    Provider.httpServer(lattice, 'http').linkTo(cart, {
      wit: 'wasi:http/incoming-handler',
      sourceConfig: { address: '0.0.0.0:8080' },
    });
    expect(Testing.synth(lattice)).toMatchInlineSnapshot(`
     [
       {
         "apiVersion": "v1",
         "kind": "Namespace",
         "metadata": {
           "labels": {
             "app.kubernetes.io/managed-by": "kasmcloud",
             "app.kubernetes.io/part-of": "shop",
           },
           "name": "shop",
         },
       },
       {
         "apiVersion": "kasmcloud.io/v1alpha1",
         "kind": "WasmCloudActor",
         "metadata": {
           "labels": {
             "app.kubernetes.io/managed-by": "kasmcloud",
             "app.kubernetes.io/name": "cart",
             "app.kubernetes.io/part-of": "shop",
           },
           "name": "cart",
           "namespace": "shop",
         },
         "spec": {
           "image": "registry.example.com/cart:1.4.0",
           "instances": 100,
         },
       },
       {
         "apiVersion": "kasmcloud.io/v1alpha1",
         "kind": "WasmCloudProvider",
         "metadata": {
           "labels": {
             "app.kubernetes.io/managed-by": "kasmcloud",
             "app.kubernetes.io/name": "http",
             "app.kubernetes.io/part-of": "shop",
           },
           "name": "http",
           "namespace": "shop",
         },
         "spec": {
           "image": "builtin://http-server",
         },
       },
       {
         "apiVersion": "kasmcloud.io/v1alpha1",
         "kind": "WasmCloudLink",
         "metadata": {
           "labels": {
             "app.kubernetes.io/managed-by": "kasmcloud",
             "app.kubernetes.io/part-of": "shop",
           },
           "name": "http-cart-wasi-http",
           "namespace": "shop",
         },
         "spec": {
           "source": "http",
           "sourceConfig": {
             "values": {
               "address": "0.0.0.0:8080",
             },
           },
           "target": "cart",
           "wit": {
             "interfaces": [
               "incoming-handler",
             ],
             "namespace": "wasi",
             "package": "http",
           },
         },
       },
     ]
    `);
  });

  test('the namespace can differ from the id, and somebody else can make it', () => {
    const lattice = new Lattice(Testing.app(), 'shop', {
      namespace: 'team-a',
      createNamespace: false,
    });
    new Actor(lattice, 'cart', { image });
    expect(render(lattice).map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ['WasmCloudActor', 'team-a'],
    ]);
  });

  test('cluster-scoped objects carry no namespace, others do', () => {
    const lattice = shop();
    const edge = new Host(lattice, 'edge', { labels: { zone: 'eu-1' } });
    new WasmCloudHost(lattice, 'raw', { spec: { lattices: ['*'] } });
    new WasmCloudLattice(lattice, 'settings', { spec: {} });
    expect(edge.metadata.namespace).toBeUndefined();
    expect(render(lattice).map(({ kind, metadata }) => [kind, metadata.name, metadata.namespace])).toEqual([
      ['Namespace', 'shop', undefined],
      ['WasmCloudHost', 'shop-edge', undefined],
      ['WasmCloudHost', 'shop-raw', undefined],
      ['WasmCloudLattice', 'lattice', 'shop'],
    ]);
  });

  test('names are the ids on the path, without a hash; other kinds are named as in any chart', () => {
    const lattice = shop();
    const checkout = new Construct(lattice, 'Checkout');
    expect(new Actor(checkout, 'Cart_v2', { image }).name).toBe('checkout-cart-v2');
    expect(
      new ApiObject(checkout, 'settings', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
      }).name,
    ).toMatch(/^shop-checkout-settings-c8/);
  });

  test('a nested construct tree above the lattice does not reach its names', () => {
    const lattice = new Lattice(new Construct(Testing.app(), 'platform'), 'shop');
    expect(new Actor(lattice, 'cart', { image }).name).toBe('cart');
  });
});

describe('escape hatches', () => {
  test('a patch of a field that nobody here knows reaches the manifest', () => {
    const lattice = shop();
    const cart = new Actor(lattice, 'cart', { image });
    ApiObject.of(cart).addJsonPatch(JsonPatch.add('/spec/newField', { deep: [1] }));
    expect(render(lattice)[1]?.spec).toEqual({
      image,
      newField: { deep: [1] },
    });
  });

  test('the objects work in a plain chart as any other does', () => {
    const chart = new Chart(Testing.app(), 'plain', { namespace: 'team-a' });
    new WasmCloudActor(chart, 'cart', {
      metadata: { name: 'cart' },
      spec: { image },
    });
    expect(render(chart)).toEqual([
      {
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind: 'WasmCloudActor',
        metadata: { name: 'cart', namespace: 'team-a' },
        spec: { image },
      },
    ]);
  });

  test('labels that are given win over the standard ones', () => {
    const lattice = new Lattice(Testing.app(), 'shop', {
      labels: { team: 'a' },
    });
    new Actor(lattice, 'cart', {
      image,
      metadata: { labels: { 'app.kubernetes.io/name': 'basket' } },
    });
    expect(render(lattice)[1]?.metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'kasmcloud',
      'app.kubernetes.io/name': 'basket',
      'app.kubernetes.io/part-of': 'shop',
      team: 'a',
    });
  });
});

test('resolved defaults are readable', () => {
  const lattice = shop();
  const cart = new Actor(lattice, 'cart', { image });
  const provider = new Provider(lattice, 'redis', {
    image: 'registry.example.com/redis:1.0.0',
    componentId: 'kv',
  });
  const link = cart.linkTo(provider, { wit: 'wasi:keyvalue/store' });
  expect([lattice.namespace, lattice.createNamespace]).toEqual(['shop', true]);
  expect([cart.name, cart.componentId, cart.instances]).toEqual(['cart', 'cart', 1]);
  expect([provider.name, provider.componentId, provider.runtime]).toEqual(['redis', 'kv', 'Process']);
  expect([link.name, link.source, link.target, link.linkName]).toEqual([
    'cart-redis-wasi-keyvalue',
    'cart',
    'kv',
    'default',
  ]);
  expect(new Host(lattice, 'edge').lattices).toEqual(['shop']);
});

test('an app of several lattices renders each into its own file, in one run', () => {
  const app = new App({ outdir: Testing.app().outdir });
  for (const id of ['shop', 'bank']) new Actor(new Lattice(app, id), 'front', { image });
  expect(app.synthYaml().match(/kind: WasmCloudActor/g)).toHaveLength(2);
});

test.each([false, true])(
  'an object is rendered as cdk8s itself would, with metadata of its own: %s',
  (unusual) => {
    const lattice = shop();
    const cart = new Actor(lattice, 'cart', {
      image,
      instances: Lazy.any({ produce: () => 3 }) as number,
      config: { b: '2', a: '1' },
      metadata: { annotations: { note: 'x' }, labels: {}, finalizers: ['example.com/hold'] },
    });
    if (unusual) cart.metadata.add('generateName', 'cart-');
    cart.metadata.addOwnerReference({ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'u' });
    const object = ApiObject.of(cart);
    const byCdk8s = ApiObject.prototype.toJson.call(object) as object;
    expect(JSON.stringify(object.toJson())).toBe(JSON.stringify(byCdk8s));
    expect(JSON.stringify(render(lattice)[1])).toBe(JSON.stringify(byCdk8s));
  },
);

test('what was changed after a synthesis is judged and rendered anew', () => {
  const lattice = shop();
  const spec = { image, instances: 1 };
  const cart = new WasmCloudActor(lattice, 'cart', { spec });
  App.of(lattice).synthYaml();
  spec.instances = -1;
  expect(() => render(lattice)).toThrow('[shop/cart] spec.instances must be >= 0, got -1');
  spec.instances = 2;
  cart.metadata.addLabel('team', 'a');
  expect(render(lattice)[1]).toMatchObject({ metadata: { labels: { team: 'a' } }, spec: { instances: 2 } });
});
