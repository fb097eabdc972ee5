import { EmptyProject, nodeOf } from '../empty-project';

// The published package beside the peers that are optional. Deployments are proven in pulumi.test.ts, from the sources.

const program = `import * as pulumi from '@pulumi/pulumi';
import { Actor } from 'kasmcloud';
import { connect, interfaces } from 'kasmcloud/provider';
import { fromOutput, LatticeStack } from 'kasmcloud/stacks';

new LatticeStack('shop', {
  declare: (lattice) => {
    new Actor(lattice, 'cart', { image: fromOutput(pulumi.output('registry.example.com/cart:1.4.0')) });
  },
});

export async function serve(): Promise<void> {
  const provider = await connect();
  provider.serve(interfaces.keyvalue.store, { get: (): undefined => undefined });
}
`;

const stack = `const pulumi = require('@pulumi/pulumi');
const kinds = [];
pulumi.runtime.setMocks({
  newResource: ({ name, type, inputs }) => { kinds.push(type); return { id: name, state: inputs }; },
  call: () => ({}),
}).then(async () => {
  const { Actor } = require('kasmcloud');
  const { fromOutput, LatticeStack } = require('kasmcloud/stacks');
  new LatticeStack('shop', {
    declare: (lattice) => new Actor(lattice, 'cart', { image: fromOutput(pulumi.output('registry.example.com/cart:1')) }),
  });
  await pulumi.runtime.disconnect();
  const classes = Object.keys(require.cache).filter((file) => /@pulumi\\/kubernetes\\/.*\\.js$/.test(file));
  console.log(JSON.stringify({ kinds, classes, provider: typeof require('kasmcloud/provider').connect }));
});
`;

/** What `pulumi package add` asks of the folder with PulumiPlugin.yaml. */
const schema = `const path = require('node:path');
const { ComponentProvider, getPulumiComponents } = require('@pulumi/pulumi/provider/experimental/provider');
const dirname = path.join(path.dirname(require.resolve('kasmcloud/package.json')), 'stacks/component');
const { main } = require(path.join(dirname, 'package.json'));
const components = getPulumiComponents(require(path.join(dirname, main)));
new ComponentProvider({ components, dirname, name: 'kasmcloud' }).getSchema().then(console.log);
`;

let project: EmptyProject;

beforeAll(async () => {
  const peers = ['cdk8s', 'cdk8s-plus-27', 'constructs', '@pulumi/pulumi', '@pulumi/kubernetes', 'nats'];
  project = await EmptyProject.create([...peers, 'typescript', '@types/node']);
  for (const file of ['platform.mts', 'platform.cts']) project.write(file, program);
  project.write('stack.cjs', stack);
  project.write('schema.cjs', schema);
});

afterAll(() => project?.remove());

test('types of stacks and providers hold for both module systems', async () => {
  await project.checkTypes(['platform.mts', 'platform.cts'], '--module', 'nodenext');
});

test.each([20, 22, 24])(
  'a stack deploys on Node %i, without the classes of @pulumi/kubernetes',
  async (major) => {
    const told = JSON.parse(await project.node(await nodeOf(major), 'stack.cjs')) as object;
    expect(told).toEqual({
      kinds: expect.arrayContaining(['kubernetes:kasmcloud.io/v1alpha1:WasmCloudActor']) as string[],
      classes: [],
      provider: 'function',
    });
  },
);

test('the component package tells its schema', async () => {
  const { resources, types } = JSON.parse(await project.node(process.execPath, 'schema.cjs')) as {
    resources: Record<string, { inputProperties: object; isComponent: boolean }>;
    types: Record<string, unknown>;
  };
  const { inputProperties, isComponent } = resources['kasmcloud:index:Lattice'] ?? {};
  expect({ isComponent, inputs: Object.keys(inputProperties ?? {}).sort() }).toEqual({
    isComponent: true,
    inputs: ['actors', 'awaitReady', 'crds', 'links', 'namespace', 'providers'],
  });
  expect(Object.keys(types).sort()).toEqual(
    ['ActorArgs', 'LinkArgs', 'ProviderArgs'].map((name) => `kasmcloud:index:${name}`),
  );
});
