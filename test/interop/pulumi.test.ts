import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { progressTo } from '../../lib/local/progress';
import { tool } from '../../lib/local/tool';
import { PulumiStack, pulumiCli } from './pulumi/cli';
import { KubectlCluster } from './pulumi/cluster';
import { ComponentPackage } from './pulumi/component-package';
import { startKubernetesProvider } from './pulumi/kubernetes-provider';
import { startLanguageHost } from './pulumi/language-host';
import type { RpcServer } from './pulumi/rpc-server';

// The real Pulumi CLI runs the programs against a real API server. The language host and the Kubernetes plugin, which no package
// registry has, are stand-ins: test/interop/pulumi says what each leaves out.

const root = path.resolve(__dirname, '../..');
const trace: string[] = [];
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-pulumi-'));
let cli: string;
let kubectlPath: string;
let cluster: ControlPlane;
let language: RpcServer;
let kubernetes: RpcServer;

beforeAll(async () => {
  cli = await pulumiCli();
  kubectlPath = await tool('kubectl');
  // An API server of its own, which knows none of our kinds yet.
  cluster = await startControlPlane({ dir: path.join(dir, 'cluster'), progress: progressTo(process.stderr) });
  language = await startLanguageHost();
  kubernetes = await startKubernetesProvider(
    new KubectlCluster(kubectlPath, cluster.kubeconfig('admin'), trace),
  );
}, 30 * 60_000);

afterAll(async () => {
  kubernetes?.stop();
  language?.stop();
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(kubectlPath, [
    '--kubeconfig',
    cluster.kubeconfig('admin'),
    ...args,
  ]);
  return stdout.trim();
}

async function stackOf(program: string, kasmcloud?: ComponentPackage): Promise<PulumiStack> {
  const home = path.join(dir, 'stacks', path.basename(program));
  mkdirSync(home, { recursive: true });
  const ports = {
    language: language.port,
    kubernetes: kubernetes.port,
    ...(kasmcloud && { kasmcloud: kasmcloud.port }),
  };
  return new PulumiStack(cli, path.join(root, program), home, ports);
}

describe('stacks/minimal', () => {
  let stack: PulumiStack;
  const instances = () => kubectl('get', 'wca', 'hello', '-n', 'hello', '-o', 'jsonpath={.spec.instances}');

  test('`pulumi up` makes every object, definitions and namespace first', async () => {
    stack = await stackOf('stacks/minimal');
    await stack.create({ image: 'file:///hello.wasm', crds: 'true', awaitReady: 'false' });
    // The stack, the component, six definitions, namespace, actor, provider, link.
    expect(await stack.up()).toEqual({ create: 12 });
    const definitions = trace.lastIndexOf('end CustomResourceDefinition');
    const namespace = trace.indexOf('end Namespace');
    const others = trace.findIndex((event) => event.startsWith('begin WasmCloud'));
    expect([definitions < trace.indexOf('begin Namespace'), namespace < others]).toEqual([true, true]);
    expect(await kubectl('get', 'wca,wcp,wcl', '-n', 'hello', '-o', 'name')).toBe(
      [
        'wasmcloudactor.kasmcloud.io/hello',
        'wasmcloudprovider.kasmcloud.io/http',
        'wasmcloudlink.kasmcloud.io/http-hello-wasi-http',
      ].join('\n'),
    );
    expect(await stack.outputs()).toEqual({ namespace: 'hello', url: 'http://127.0.0.1:8080/' });
  });

  test('a second `up` finds nothing to do', async () => {
    expect(await stack.up('--expect-no-changes')).toEqual({ same: 12 });
  });

  test('a changed setting updates the one object that it concerns', async () => {
    await stack.configure({ instances: '3' });
    expect(await stack.up()).toEqual({ same: 11, update: 1 });
    expect(await instances()).toBe('3');
  });

  test('`refresh` sees what others changed, and the next `up` puts it right', async () => {
    await kubectl('scale', 'wca', 'hello', '-n', 'hello', '--replicas=7');
    expect(await stack.refresh()).toMatchObject({ update: 1 });
    expect(await stack.up()).toMatchObject({ update: 1 });
    expect(await instances()).toBe('3');
    expect(await stack.up('--expect-no-changes')).toEqual({ same: 12 });
  });

  test('`up` waits until the actor is ready', async () => {
    await stack.configure({ awaitReady: 'true' });
    let done = false;
    const up = stack.up().finally(() => (done = true));
    const kinds = { wca: 'hello', wcp: 'http', wcl: 'http-hello-wasi-http' };
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Test',
      message: '',
      lastTransitionTime: new Date(),
    };
    for (const [kind, name] of Object.entries(kinds)) {
      const annotation = '-o=jsonpath={.metadata.annotations.pulumi\\.com/waitFor}';
      while ((await kubectl('get', kind, name, '-n', 'hello', annotation)) === '') if (done) break;
      expect(done).toBe(false);
      await kubectl(
        ...['patch', kind, name, '-n', 'hello', '--subresource=status', '--type=merge'],
        ...['-p', JSON.stringify({ status: { conditions: [ready] } })],
      );
    }
    expect(await up).toEqual({ same: 9, update: 3 });
  });

  test('`destroy` leaves nothing', async () => {
    await stack.destroy();
    expect(await kubectl('get', 'namespace', 'hello', '--ignore-not-found')).toBe('');
    expect(await kubectl('get', 'crd', '-o', 'name')).toBe('');
  });
});

describe('outputs and secrets', () => {
  let stack: PulumiStack;

  test('reach the objects', async () => {
    stack = await stackOf('test/interop/pulumi/secrets');
    await stack.create({});
    await stack.configureSecret('token', 'xyzzy-plugh');
    await stack.up();
    const data = async (kind: string, name: string) =>
      JSON.parse(await kubectl('get', kind, name, '-o', 'jsonpath={.data}')) as Record<string, string>;
    expect(await data('secret', 'pulumi-secret')).toEqual({
      token: Buffer.from('xyzzy-plugh').toString('base64'),
    });
    const uid = await kubectl('get', 'configmap', 'pulumi-source', '-o', 'jsonpath={.metadata.uid}');
    expect(await data('configmap', 'pulumi-derived')).toEqual({ uid, greeting: 'hush: xyzzy-plugh' });
  });

  test('secrets are nowhere in the state in plain text', () => {
    const files = readdirSync(stack.stateDir, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const state = files.map((file) => readFileSync(path.join(file.parentPath, file.name), 'utf8')).join('\n');
    expect(state).toContain('pulumi-derived');
    for (const form of ['xyzzy-plugh', Buffer.from('xyzzy-plugh').toString('base64')])
      expect(state).not.toContain(form);
  });

  test('are gone with the stack', async () => {
    await stack.destroy();
    expect(await kubectl('get', 'secret,configmap', '-o', 'name')).not.toContain('pulumi');
  });
});

describe('a lattice under another name, and a transform', () => {
  let stack: PulumiStack;

  test('aliases keep its objects', async () => {
    stack = await stackOf('test/interop/pulumi/renamed');
    await stack.create({ name: 'before' });
    // The stack, the component, six definitions, namespace, actor; a config map by itself.
    expect(await stack.up()).toEqual({ create: 11 });
    const uid = () => kubectl('get', 'wca', 'cart', '-n', 'renamed', '-o', 'jsonpath={.metadata.uid}');
    const before = await uid();
    await stack.configure({ name: 'after', former: 'before' });
    // The labels that tell the name of the lattice change, and nothing is made anew.
    expect(await stack.up()).toEqual({ same: 9, update: 2 });
    expect(await uid()).toBe(before);
  });

  test('transforms of the component reach its objects', async () => {
    const team = await kubectl(
      'get',
      'wca',
      'cart',
      '-n',
      'renamed',
      '-o',
      'jsonpath={.metadata.labels.team}',
    );
    expect(team).toBe('shop');
  });

  test('leave nothing', async () => {
    await stack.destroy();
    expect(await kubectl('get', 'namespace', 'renamed', '--ignore-not-found')).toBe('');
  });
});

describe('stacks/multi-lattice', () => {
  test('makes each lattice that its settings name, and takes away the one that left them', async () => {
    const stack = await stackOf('stacks/multi-lattice');
    await stack.create({ crds: 'true', awaitReady: 'false' });
    await stack.configurePaths({
      'lattices[0].name': 'blue',
      'lattices[0].image': 'file:///hello.wasm',
      'lattices[0].address': '127.0.0.1:8081',
      'lattices[1].name': 'green',
      'lattices[1].image': 'file:///hello.wasm',
      'lattices[1].address': '127.0.0.1:8082',
      'lattices[1].instances': '3',
    });
    // The stack, six definitions; of each lattice the component, namespace, actor, provider, link.
    expect(await stack.up()).toEqual({ create: 17 });
    expect(await stack.outputs()).toEqual({
      urls: { blue: 'http://127.0.0.1:8081/', green: 'http://127.0.0.1:8082/' },
    });
    expect(await kubectl('get', 'wca', '-A', '-o', 'jsonpath={.items[*].spec.instances}')).toBe('10 3');
    await stack.unsetPath('lattices[0]');
    expect(await stack.up()).toEqual({ same: 12, delete: 5 });
    expect(await kubectl('get', 'wca', '-A', '-o', 'jsonpath={.items[*].metadata.namespace}')).toBe('green');
    await stack.destroy();
  });
});

describe('stacks/cluster', () => {
  test('makes a whole platform and its lattice, and a second `up` finds nothing to do', async () => {
    const stack = await stackOf('stacks/cluster');
    await stack.create({
      image: 'registry.example/kasmcloud:0.1.0',
      natsImage: 'registry.example/nats:2.11',
      actor: 'registry.example/cart:1.0',
      // No node runs pods here.
      skipAwait: 'true',
    });
    const { create = 0 } = await stack.up();
    const workloads = await kubectl('get', 'deploy,sts', '-n', 'kasmcloud-system', '-o', 'name');
    expect(workloads.split('\n').sort()).toEqual([
      expect.stringMatching(/^deployment\.apps\/.*host/),
      expect.stringMatching(/^deployment\.apps\/.*reconciler/),
      expect.stringMatching(/^statefulset\.apps\/.*nats/),
    ]);
    expect(await kubectl('get', 'wcd,wcl', '-n', 'shop', '-o', 'name')).toBe(
      [
        'wasmclouddistribution.kasmcloud.io/cart',
        'wasmclouddistribution.kasmcloud.io/http',
        'wasmcloudlink.kasmcloud.io/http-cart-wasi-http',
      ].join('\n'),
    );
    // What the hosts may do in the lattice came with it.
    expect(await kubectl('get', 'rolebinding', '-n', 'shop', '-o', 'name')).toMatch(/kasmcloud:host:lattice/);
    expect(await stack.up('--expect-no-changes')).toEqual({ same: create });
    await stack.destroy();
    expect(await kubectl('get', 'namespace', 'shop', 'kasmcloud-system', '--ignore-not-found')).toBe('');
  });
});

describe('the component package', () => {
  let kasmcloud: ComponentPackage;
  let stack: PulumiStack;

  beforeAll(async () => {
    kasmcloud = await ComponentPackage.start(path.join(root, 'stacks/component'));
    stack = await stackOf('test/interop/pulumi/remote', kasmcloud);
    await stack.create({});
    await stack.configureSecret('token', 'frotz-gnusto');
  });
  afterAll(() => kasmcloud?.stop());

  test('makes a lattice of plain data, in a process of its own', async () => {
    // The stack, the component, six definitions, namespace, actor, provider, link.
    expect(await stack.up()).toEqual({ create: 12 });
    expect(await stack.outputs()).toEqual({ namespace: 'remote' });
    const cart = JSON.parse(await kubectl('get', 'wca', 'cart', '-n', 'remote', '-o', 'json')) as object;
    expect(cart).toMatchObject({
      spec: {
        image: 'registry.example/cart:1.0',
        instances: 7,
        config: { values: { greeting: 'hello', token: 'frotz-gnusto' } },
      },
    });
    expect(await kubectl('get', 'wcl', '-n', 'remote', '-o', 'jsonpath={.items[*].spec.target}')).toBe(
      'cart',
    );
    expect(await stack.up('--expect-no-changes')).toEqual({ same: 12 });
  });

  test('names the argument that is wrong', async () => {
    await stack.configure({ target: 'carl' });
    await expect(stack.up()).rejects.toThrow(/links\[0\]\.target.*carl.*there are cart, http/s);
    await stack.configure({ target: 'cart' });
  });

  test('leaves nothing', async () => {
    await stack.destroy();
    expect(await kubectl('get', 'namespace', 'remote', '--ignore-not-found')).toBe('');
  });
});
