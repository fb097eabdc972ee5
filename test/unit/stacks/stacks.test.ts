import * as pulumi from '@pulumi/pulumi';
import type { MockResourceArgs } from '@pulumi/pulumi/runtime';
import { App, Chart } from 'cdk8s';
import { ConfigMap, Deployment, Secret } from 'cdk8s-plus-27';
import { Actor, Host, type Lattice, Provider } from 'kasmcloud';
import { deployChart, deployCrds, fromOutput, LatticeStack, outputResolver } from 'kasmcloud/stacks';

const image = 'registry.example.com/cart:1.4.0';
let registered: MockResourceArgs[];

beforeEach(async () => {
  registered = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        registered.push(args);
        return { id: args.name, state: args.inputs as object };
      },
      call: () => ({}),
    },
    'project',
    'stack',
    false,
  );
});

/** The inputs of all resources, by type and name, once everything is registered. */
async function deployed(...resources: pulumi.Resource[]): Promise<Record<string, Inputs>> {
  await Promise.all(resources.map((resource) => valueOf(resource.urn)));
  return Object.fromEntries(
    registered.map(({ type, name, inputs }) => [`${type} ${name}`, inputs as Inputs]),
  );
}

interface Inputs {
  metadata?: { annotations?: Record<string, string>; namespace?: string };
  spec: Record<string, unknown>;
  data?: unknown;
}

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

function shop(name = 'shop', args: object = {}, opts: pulumi.ComponentResourceOptions = {}): LatticeStack {
  return new LatticeStack(
    name,
    {
      declare: (lattice) => {
        const cart = new Actor(lattice, 'cart', { image });
        Provider.httpServer(lattice, 'http').linkTo(cart, { wit: 'wasi:http/incoming-handler' });
        new Host(lattice, 'edge');
      },
      ...args,
    },
    opts,
  );
}

test('one resource an object, of the types that the Kubernetes provider has, under the component', async () => {
  const stack = shop();
  expect(Object.keys(await deployed(stack, ...stack.objects)).sort()).toEqual([
    'kasmcloud:index:LatticeStack shop',
    'kubernetes:core/v1:Namespace shop/shop',
    'kubernetes:kasmcloud.io/v1alpha1:WasmCloudActor shop/cart',
    'kubernetes:kasmcloud.io/v1alpha1:WasmCloudHost shop/shop-edge',
    'kubernetes:kasmcloud.io/v1alpha1:WasmCloudLink shop/http-cart-wasi-http',
    'kubernetes:kasmcloud.io/v1alpha1:WasmCloudProvider shop/http',
  ]);
  expect(await valueOf(stack.objects[1]?.urn ?? pulumi.output(''))).toBe(
    'urn:pulumi:stack::project::kasmcloud:index:LatticeStack$kubernetes:kasmcloud.io/v1alpha1:WasmCloudActor::shop/cart',
  );
  expect(await valueOf(stack.namespace)).toBe('shop');
});

test('two lattices of the same objects have resources of their own', async () => {
  const stacks = [shop('shop'), shop('bank')];
  await deployed(...stacks.flatMap(({ objects }) => objects));
  const names = registered.map(({ type, name }) => `${type} ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

describe('awaiting', () => {
  const annotationsOf = async (args: object) => {
    const all = await deployed(...shop('shop', args).objects);
    const byKind = Object.entries(all).map(
      ([name, inputs]) => [/:(\w+) /.exec(name)?.[1] ?? '', inputs.metadata?.annotations] as const,
    );
    return Object.fromEntries<Record<string, string> | undefined>(byKind);
  };
  const ready = { 'pulumi.com/waitFor': 'condition=Ready' };
  const skip = { 'pulumi.com/skipAwait': 'true' };

  test('waits for what becomes ready; not for a host, which is ready only when its process joins', async () => {
    expect(await annotationsOf({})).toMatchObject({ WasmCloudActor: ready, WasmCloudLink: ready });
    expect((await annotationsOf({}))['WasmCloudHost']).toBeUndefined();
  });

  test('can be declined', async () => {
    expect(await annotationsOf({ awaitReady: false })).toMatchObject({ WasmCloudActor: undefined });
  });

  test('can be skipped for all kinds', async () => {
    expect(await annotationsOf({ skipAwait: true })).toMatchObject({ Namespace: skip, WasmCloudActor: skip });
  });
});

describe('outputs in props', () => {
  test('take their places in the inputs, of any type', async () => {
    const stack = shop('shop', {
      declare: (lattice: Lattice) => {
        new Actor(lattice, 'cart', {
          image: fromOutput(pulumi.output(image)),
          instances: fromOutput(Promise.resolve(7)),
          config: { url: fromOutput(pulumi.interpolate`https://${pulumi.output('db')}`) },
        });
        new ConfigMap(lattice, 'settings', { metadata: { name: 'settings' }, data: { a: fromOutput('1') } });
      },
    });
    const all = await deployed(...stack.objects);
    expect(all['kubernetes:kasmcloud.io/v1alpha1:WasmCloudActor shop/cart']?.spec).toEqual({
      image,
      instances: 7,
      config: { values: { url: 'https://db' } },
    });
    expect(all['kubernetes:core/v1:ConfigMap shop/settings']?.data).toEqual({ a: '1' });
  });

  test('stay secret when they are', async () => {
    const stack = shop('shop', {
      declare: (lattice: Lattice) =>
        new Actor(lattice, 'cart', { image, config: { greeting: fromOutput(pulumi.secret('hush')) } }),
    });
    const actor = stack.objects.at(-1);
    expect(await pulumi.isSecret((actor as unknown as { spec: pulumi.Output<unknown> }).spec)).toBe(true);
  });

  test('the data of a Secret is always secret', async () => {
    const stack = shop('shop', {
      declare: (lattice: Lattice) =>
        new Secret(lattice, 'token', { metadata: { name: 'token' }, stringData: { token: 'hush' } }),
    });
    const secret = stack.objects.at(-1) as unknown as { stringData: pulumi.Output<unknown> };
    expect(await pulumi.isSecret(secret.stringData)).toBe(true);
  });

  test('other mistakes are still found before anything is deployed', () => {
    expect(() =>
      shop('shop', {
        declare: (lattice: Lattice) =>
          new Actor(lattice, 'cart', { image: fromOutput(pulumi.output(image)), instances: -1 }),
      }),
    ).toThrow('[shop/cart] spec.instances must be >= 0, got -1');
  });

  test('cannot be names', () => {
    expect(() =>
      shop('shop', {
        declare: (lattice: Lattice) =>
          new ConfigMap(lattice, 'c', { metadata: { name: fromOutput(pulumi.output('settings')) } }),
      }),
    ).toThrow(
      '[shop] metadata.name and metadata.namespace of a ConfigMap come from a Pulumi output: give plain',
    );
  });
});

test('any chart can be deployed, with objects in other namespaces under names of their own', async () => {
  const chart = new Chart(new App({ resolvers: [outputResolver] }), 'platform', { namespace: 'a' });
  new Deployment(chart, 'web', { metadata: { name: 'web' }, containers: [{ image: 'web:1' }] });
  new ConfigMap(chart, 'other', { metadata: { name: 'web', namespace: 'b' } });
  expect(Object.keys(await deployed(...deployChart(chart, { prefix: 'eu' }))).sort()).toEqual([
    'kubernetes:apps/v1:Deployment eu/web',
    'kubernetes:core/v1:ConfigMap eu/b/web',
  ]);
});

test('the definitions of the six kinds', async () => {
  const all = await deployed(...deployCrds());
  expect(Object.keys(all)).toHaveLength(6);
  expect(Object.keys(all)).toContain(
    'kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition kasmcloud/wasmcloudactors.kasmcloud.io',
  );
});
