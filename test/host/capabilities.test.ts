import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { LocalServices, OfferedService } from '../../lib/host/calls/local-services';
import { blobService } from '../../lib/host/providers/blob-service';
import { FileBlobStore } from '../../lib/host/providers/blobstore-fs';
import { NatsBlobStore, natsBlobSettings } from '../../lib/host/providers/blobstore-nats';
import type { InterfaceService } from '../../lib/host/providers/typed-service';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost } from './call-host';
import { runCapable } from './capable';

const namespace = 'test';
const link = (target: string): WasmCloudLink => ({
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: `blobs-in-${target}`, namespace },
  spec: {
    source: 'capable',
    target,
    name: target,
    wit: { namespace: 'wasi', package: 'blobstore', interfaces: ['blobstore'] },
  },
});
const links = ['files', 'objects', 'remote', 'older'].map(link);
const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'capabilities-'));
const root = path.join(dir, 'blobs');
const cleanUp: (() => unknown)[] = [];
const elsewhere = new LocalServices();
let actor: ActorRuntime;
let nats: LatticeConnection;

function offered(service: InterfaceService): OfferedService {
  const made = new OfferedService(service);
  made.setLinks(links.map((link) => ({ link, config: { sourceConfig: {}, targetConfig: {} } })));
  return made;
}

beforeAll(async () => {
  const server = await startNats({ dir: path.join(dir, 'nats') });
  cleanUp.unshift(() => server.stop());
  const connection = async (): Promise<LatticeConnection> => {
    const made = await LatticeConnection.connect({ servers: server.url, tls: server.client('test') });
    cleanUp.unshift(() => made.close());
    return made;
  };
  nats = await connection();
  const files = blobService(() => new FileBlobStore(root));
  const objects = blobService(() => new NatsBlobStore(() => nats, natsBlobSettings({})));
  elsewhere.attach(await connection());
  elsewhere.add(namespace, 'remote', 'lattice', offered(objects));
  // As providers of wasmCloud before 1.9 are: they know the older version only.
  const older = { ...objects, interfaces: objects.interfaces.filter(({ id }) => id.endsWith('@0.1.0')) };
  elsewhere.add(namespace, 'older', 'lattice', offered(older));
  const host = new CallHost(links, nats);
  cleanUp.unshift(() => host.stop());
  host.services.add(namespace, 'files', 'lattice', offered(files));
  host.services.add(namespace, 'objects', 'lattice', offered(objects));
  actor = await host.start('capable', 'capabilities.js', {
    config: { greeting: 'hello' },
  });
}, 240_000);
afterAll(async () => {
  for (const step of cleanUp) await step();
});

const run = (...command: unknown[]): Promise<unknown> => runCapable(actor, ...command);

describe.each(['files', 'objects', 'remote', 'older'])('wasi:blobstore over the link %s', (target) => {
  const container = `c-${randomUUID()}`;
  const blobs = (command: string, ...args: unknown[]): Promise<unknown> =>
    run('over', target, command, container, ...args);

  it('keeps objects in containers', async () => {
    expect(await blobs('exists')).toBe(false);
    await expect(blobs('get', 'a')).rejects.toContain('There is no container');
    await blobs('create');
    expect(await blobs('exists')).toBe(true);
    expect(await blobs('info')).toMatchObject({ name: container, createdAt: expect.any(Number) as number });
    await blobs('put', 'a', 'first');
    await blobs('put', 'a', 'second');
    await blobs('put', 'dir/ü', '');
    expect(await blobs('get', 'a')).toBe('second');
    expect(await blobs('get', 'dir/ü')).toBe('');
    expect(await blobs('has', 'dir/ü')).toBe(true);
    expect(await blobs('has', 'none')).toBe(false);
    expect(await blobs('object', 'a')).toMatchObject({ name: 'a', container, size: 6 });
    await expect(blobs('get', 'none')).rejects.toContain('There is no object');
  });

  it('gives parts of an object, both ends included', async () => {
    expect(await blobs('get', 'a', 1, 3)).toBe('eco');
    expect(await blobs('get', 'a', 4, 100)).toBe('nd');
    expect(await blobs('get', 'a', 6, 100)).toBe('');
    expect(await blobs('size', 'a')).toBe(6);
  });

  it('streams what does not fit into memory at once', async () => {
    await blobs('put', 'big', 'x'.repeat(4096), 1024);
    expect(await blobs('length', 'big')).toBe(4 << 20);
    await blobs('delete', ['big']);
  });

  it('copies, moves, lists and deletes', async () => {
    await blobs('copy', 'a', 'b');
    await blobs('move', 'b', 'c');
    expect(await blobs('list')).toEqual(['a', 'c', 'dir/ü']);
    expect(await blobs('list', 1)).toHaveLength(2);
    await blobs('delete', ['a', 'never-there']);
    expect(await blobs('list')).toEqual(['c', 'dir/ü']);
    await blobs('clear');
    expect(await blobs('list')).toEqual([]);
    await blobs('put', 'left', 'x');
    await blobs('remove');
    expect(await blobs('exists')).toBe(false);
  });

  it('keeps nothing of a write that a component did not finish', async () => {
    await blobs('create');
    await expect(blobs('tear', 'torn')).rejects.toThrow('trapped');
    expect(await blobs('list')).toEqual([]);
  });
});

describe('the files of a blobstore', () => {
  it('are within its root, whatever they are called', async () => {
    await run('over', 'files', 'create', 'safe');
    writeFileSync(path.join(dir, 'outside'), 'secret');
    for (const name of ['../outside', '..', '/etc/passwd', 'a/../../outside', '', 'a//b', 'x\0y']) {
      await expect(run('over', 'files', 'get', 'safe', name)).rejects.toContain('cannot be the name');
      await expect(run('over', 'files', 'put', 'safe', name, 'x')).rejects.toContain('cannot be the name');
    }
    for (const container of ['..', '.', 'a/b', '']) {
      await expect(run('over', 'files', 'create', container)).rejects.toContain('cannot be the name');
    }
    expect(readdirSync(dir)).not.toContain('etc');
  });

  it('are not reached through symbolic links', async () => {
    symlinkSync(dir, path.join(root, 'safe', 'up'));
    symlinkSync(path.join(dir, 'outside'), path.join(root, 'safe', 'alias'));
    await expect(run('over', 'files', 'get', 'safe', 'up/outside')).rejects.toContain('leads out of it');
    await expect(run('over', 'files', 'put', 'safe', 'up/new', 'x')).rejects.toContain('leads out of it');
    await expect(run('over', 'files', 'get', 'safe', 'alias')).rejects.toContain('There is no object');
    expect(await run('over', 'files', 'has', 'safe', 'alias')).toBe(false);
  });
});

it('reads configuration by wasi:config/store', async () => {
  expect(await run('config', 'greeting')).toBe('hello');
  expect(await run('config', 'none')).toBeNull();
});
