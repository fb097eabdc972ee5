import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import {
  WasmCloudActorResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
  isReady,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { npmTools } from '../../lib/local/npm-tools';
import { choosePort } from '../../lib/local/ports';
import { component } from '../host/components';
import { ensureNamespace } from '../integration/cluster';
import { eventually } from '../integration/eventually';
import { type Container, Containerd } from './containerd/containerd';
import { endProcess, spawnNats } from './plain-nats';

// The image as `npm run image` writes it, run by containerd and runc as a kubelet would: not root, on a root that cannot be written to.

const root = path.resolve(__dirname, '../..');
const archive = path.join(root, 'dist', 'kasmcloud-image.tar');

interface ImageFacts {
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
}

function buildImage(): ImageFacts {
  execFileSync(process.execPath, [path.join(root, 'lib', 'image', 'image.mjs')], { stdio: ['ignore', 2, 2] });
  return JSON.parse(readFileSync(path.join(root, 'dist', 'image.json'), 'utf8')) as ImageFacts;
}

async function untar(bytes: Buffer): Promise<Map<string, { header: Header; content: Buffer }>> {
  const entries = new Map<string, { header: Header; content: Buffer }>();
  const reader = extract();
  reader.end(bytes);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.set(entry.header.name, { header: entry.header, content: Buffer.concat(chunks) });
  }
  return entries;
}

let image: ImageFacts;
beforeAll(() => {
  image = buildImage();
}, 300_000);

test('the same sources give the same image', () => {
  expect(buildImage()).toEqual(image);
});

describe('what is in it', () => {
  const files = new Map<string, { header: Header; content: Buffer }>();
  let config: { config: { User: string; Entrypoint: string[] } };

  beforeAll(async () => {
    const layout = await untar(readFileSync(archive));
    const blob = (digest: string): Buffer => {
      const { content } = layout.get(`blobs/${digest.replace(':', '/')}`) ?? {};
      if (content === undefined) throw new Error(`${digest} is not in the layout`);
      expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
      return content;
    };
    const json = <T>(bytes: Buffer): T => JSON.parse(bytes.toString()) as T;
    const index = json<{ manifests: { digest: string }[] }>(
      layout.get('index.json')?.content ?? Buffer.from('{}'),
    );
    expect(index.manifests).toEqual([expect.objectContaining({ digest: image.digest })]);
    const manifest = json<{ config: { digest: string }; layers: { digest: string }[] }>(blob(image.digest));
    config = json(blob(manifest.config.digest));
    for (const { digest } of manifest.layers) {
      for (const [name, entry] of await untar(gunzipSync(blob(digest)))) files.set(name, entry);
    }
  });

  test('is Node, its libraries and the roles: no shell, no package manager, nothing that gives rights', () => {
    const programs = [...files.values()].filter(
      ({ header: { type, mode = 0 } }) => type === 'file' && (mode & 0o111) > 0,
    );
    expect(programs.map(({ header }) => header.name).filter((name) => !/\.so\.\d+$/.test(name))).toEqual([
      'usr/bin/node',
    ]);
    expect([...files.values()].filter(({ header: { mode = 0 } }) => (mode & 0o6000) > 0)).toEqual([]);
    expect(config.config.User).toBe('65532:65532');
  });

  test('names the licence of everything', () => {
    const bundled = JSON.parse(readFileSync(path.join(root, 'dist', 'bundled-packages.json'), 'utf8')) as {
      name: string;
      version: string;
    }[];
    const bill = JSON.parse(files.get('app/sbom.spdx.json')?.content.toString() ?? '') as {
      packages: { name: string; versionInfo: string; licenseDeclared: string }[];
    };
    const billed = bill.packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`);
    expect(billed).toEqual(expect.arrayContaining(bundled.map(({ name, version }) => `${name} ${version}`)));
    expect(billed).toEqual(
      expect.arrayContaining([expect.stringMatching(/^node 24\./), expect.stringMatching(/^libc6 /)]),
    );
    const notices = [
      'app/LICENSE',
      'app/dist/third-party-licenses.txt',
      'usr/share/doc/node/LICENSE',
      'usr/share/doc/libc6/copyright',
    ];
    expect(notices.filter((file) => !files.get(file)?.content.length)).toEqual([]);
  });
});

describe('run by containerd', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-image-'));
  const namespace = 'image';
  let containerd: Containerd | undefined;
  let cluster: ControlPlane | undefined;
  let nats: { url: string; server: ChildProcess } | undefined;
  let client: KubeClient;

  /** A kubeconfig that the image's user can read, as the account token of a pod is. */
  function kubeconfig(role: 'host' | 'reconciler', name?: string): string {
    const shared = path.join(dir, 'shared', `${role}.kubeconfig`);
    if (cluster === undefined) throw new Error('No cluster');
    copyFileSync(cluster.kubeconfig(role, name), shared);
    chmodSync(shared, 0o644);
    return shared;
  }

  async function startRole(
    role: 'host' | 'reconciler',
    args: readonly string[],
  ): Promise<{ container: Container; admin: string }> {
    if (containerd === undefined) throw new Error('No containerd');
    const admin = `127.0.0.1:${await choosePort('port of the admin server', {})}`;
    const container = containerd.start(
      image.reference,
      role,
      [
        '/usr/bin/node',
        '/app/dist/kasmcloud.cjs',
        'run',
        role,
        '--kubeconfig',
        '/shared/kubeconfig',
        '--admin-address',
        admin,
        ...args,
      ],
      {
        mounts: { '/shared/kubeconfig': kubeconfig(role, 'boxed'), '/components': path.join(dir, 'shared') },
        writable: ['/tmp', '/var/lib/kasmcloud'],
      },
    );
    return { container, admin };
  }

  async function ready({ container, admin }: { container: Container; admin: string }): Promise<void> {
    await eventually(`${admin} is ready`, async () => {
      if (!container.running) throw new Error(container.log);
      return fetch(`http://${admin}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  }

  beforeAll(async () => {
    mkdirSync(path.join(dir, 'shared'));
    for (const each of [dir, path.join(dir, 'shared')]) chmodSync(each, 0o755);
    containerd = await Containerd.start(path.join(dir, 'containerd'));
    await containerd.load(archive);
    cluster = await startControlPlane({ dir: path.join(dir, 'cluster') });
    nats = await spawnNats(path.join(dir, 'nats'));
    client = new KubeClient(await loadConnection({ kubeconfig: cluster.kubeconfig('admin') }));
    await bootstrap(client);
    await ensureNamespace(client, namespace);
    process.env['KASMCLOUD_TEST_WASM_TOOLS'] = await npmTools('wasm');
    const hello = await component('hello.wat');
    copyFileSync(hello.wasm, path.join(dir, 'shared', 'hello.wasm'));
  }, 300_000);

  afterAll(async () => {
    client?.connection.close();
    if (nats !== undefined) await endProcess(nats.server);
    await cluster?.stop();
    await containerd?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('has the digest that was printed, and says how it is used', async () => {
    expect(await containerd?.images()).toContain(image.digest);
    expect(await containerd?.run(image.reference, 'help')).toContain('Usage: kasmcloud');
  });

  test('a reconciler and a host in containers serve an actor, and end when they are told to', async () => {
    const port = await choosePort('port of the actor', {});
    const reconciler = await startRole('reconciler', []);
    const host = await startRole('host', [
      '--nats-url',
      nats?.url ?? '',
      '--host-name',
      'boxed',
      '--allow-file-load',
    ]);
    await ready(reconciler);
    await ready(host);

    const metadata = { namespace, name: 'hello' };
    const common = { apiVersion: 'kasmcloud.io/v1alpha1' } as const;
    await client.create(WasmCloudActorResource, {
      ...common,
      kind: 'WasmCloudActor',
      metadata,
      spec: { image: 'file:///components/hello.wasm' },
    });
    await client.create(WasmCloudProviderResource, {
      ...common,
      kind: 'WasmCloudProvider',
      metadata: { namespace, name: 'http' },
      spec: { image: 'builtin://http-server' },
    });
    await client.create(WasmCloudLinkResource, {
      ...common,
      kind: 'WasmCloudLink',
      metadata,
      spec: {
        source: 'http',
        target: 'hello',
        wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
        sourceConfig: { values: { address: `127.0.0.1:${port}` } },
      },
    });
    await eventually('the actor is ready', async () =>
      isReady(await client.get(WasmCloudActorResource, metadata)),
    );
    await eventually('it answers', () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    expect([await host.container.stop(), await reconciler.container.stop()]).toEqual([0, 0]);
  });
});
