import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ImageStore, type FetchOptions, type ImageStoreOptions } from '../../lib/host/images/store';
import { startProxy, type Fault, type Proxy } from './oci/proxy';
import { digestOf, pushComponent, pushIndex } from './oci/push';
import { htpasswd, login, startRegistry, type Registry } from './oci/registry';
import { startTokenServer, type TokenServer } from './oci/token-server';

const wasm = Buffer.concat([Buffer.from('\0asm\x0d\0\x01\0'), randomBytes(300_000)]);

let dir: string;
let plain: Registry;
const cleanups: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'images-'));
  plain = await startRegistry();
});

afterAll(async () => {
  await plain.stop();
  await rm(dir, { recursive: true, force: true });
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let stores = 0;
function store(options: Partial<ImageStoreOptions> = {}): ImageStore {
  const created = new ImageStore({
    dir: path.join(dir, `cache-${stores++}`),
    insecureRegistries: [plain.host],
    ...options,
  });
  cleanups.push(() => created.close());
  return created;
}

async function registry(...args: Parameters<typeof startRegistry>): Promise<Registry> {
  const started = await startRegistry(...args);
  cleanups.push(() => started.stop());
  return started;
}

async function proxy(fault: Parameters<typeof startProxy>[1]): Promise<Proxy> {
  const started = await startProxy(plain.host, fault);
  cleanups.push(() => started.stop());
  return started;
}

const repositoryUrl = (name: string): string => `http://${plain.host}/v2/${name}`;
const failure = (reason: string): Record<string, unknown> =>
  expect.objectContaining({ reason }) as Record<string, unknown>;
const isBlob = (url: string | undefined): boolean => url?.includes('/blobs/') ?? false;

describe('pull', () => {
  it('finds an image by tag and by digest, with its content verified', async () => {
    const manifest = await pushComponent(repositoryUrl('hello'), '1.0', wasm);
    const images = store();
    for (const version of [':1.0', `@${manifest.digest}`]) {
      const image = await images.fetch(`${plain.host}/hello${version}`);
      expect(image).toMatchObject({
        digest: digestOf(wasm),
        kind: 'component',
        mediaType: 'application/wasm',
        resolved: `${plain.host}/hello@${manifest.digest}`,
      });
      expect(digestOf(await readFile(image.path))).toBe(image.digest);
    }
  });

  it('takes the Wasm manifest of an index and pins the index', async () => {
    const native = await pushComponent(repositoryUrl('multi'), 'native', randomBytes(10));
    const component = await pushComponent(repositoryUrl('multi'), 'wasm', wasm);
    const index = await pushIndex(repositoryUrl('multi'), '1', [
      { ...native, platform: { architecture: 'amd64', os: 'linux' } },
      { ...component, platform: { architecture: 'wasm', os: 'wasip2' } },
    ]);
    expect(await store().fetch(`${plain.host}/multi:1`)).toMatchObject({
      digest: digestOf(wasm),
      resolved: `${plain.host}/multi@${index.digest}`,
    });
  });

  it('says which tag is missing', async () => {
    await expect(store().fetch(`${plain.host}/absent:1`)).rejects.toMatchObject({
      reason: 'ImageNotFound',
      message: expect.stringContaining(`${plain.host}/absent:1`) as string,
    });
  });

  it('refuses what is no component, and what is too large, before it downloads it', async () => {
    await pushComponent(repositoryUrl('tarball'), '1', wasm, 'application/vnd.oci.image.layer.v1.tar+gzip');
    await expect(store().fetch(`${plain.host}/tarball:1`)).rejects.toEqual(failure('InvalidImage'));
    await pushComponent(repositoryUrl('large'), '1', wasm);
    await expect(store({ maxImageBytes: 1000 }).fetch(`${plain.host}/large:1`)).rejects.toEqual(
      failure('ImageTooLarge'),
    );
  });

  it('refuses content that does not match its digest', async () => {
    await pushComponent(repositoryUrl('tampered'), '1', Buffer.concat([wasm, Buffer.from('tampered')]));
    const hex = digestOf(Buffer.concat([wasm, Buffer.from('tampered')])).slice(7);
    const data = path.join(plain.storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    const content = await readFile(data);
    content[100]! ^= 1;
    await writeFile(data, content);
    await expect(store().fetch(`${plain.host}/tampered:1`)).rejects.toEqual(failure('InvalidImage'));
  });

  it('says how to allow a registry without TLS', async () => {
    await pushComponent(repositoryUrl('hello'), '1.0', wasm);
    await expect(store({ insecureRegistries: [] }).fetch(`${plain.host}/hello:1.0`)).rejects.toMatchObject({
      reason: 'ImagePullFailed',
      message: expect.stringContaining(`--allowed-insecure ${plain.host}`) as string,
    });
  });

  it('trusts a private authority only when it is given', async () => {
    await pushComponent(repositoryUrl('hello'), '1.0', wasm);
    const tls = { certificate: path.join(dir, 'tls.crt'), key: path.join(dir, 'tls.key') };
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=registry
       -addext subjectAltName=IP:127.0.0.1 -keyout ${tls.key} -out ${tls.certificate}`.split(/\s+/),
      { stdio: 'ignore' },
    );
    const secure = await registry({ storage: plain.storage, tls });
    const ca = await readFile(tls.certificate, 'utf8');
    expect(await store({ ca }).fetch(`${secure.host}/hello:1.0`)).toMatchObject({ digest: digestOf(wasm) });
    await expect(store().fetch(`${secure.host}/hello:1.0`)).rejects.toMatchObject({
      reason: 'ImagePullFailed',
      message: expect.stringContaining('--oci-ca') as string,
    });
  });
});

describe('credentials', () => {
  let guarded: Registry;
  let tokens: TokenServer;

  const fetched = (images: ImageStore, credentials?: FetchOptions['credentials']): Promise<string> =>
    images.fetch(`${guarded.host}/private:1`, { credentials }).then(({ digest }) => digest);

  describe.each(['basic', 'bearer'])('%s', (scheme) => {
    beforeEach(async () => {
      await pushComponent(repositoryUrl('private'), '1', wasm);
      tokens = await startTokenServer(login.username, login.password);
      cleanups.push(() => tokens.stop());
      const jwks = path.join(dir, 'jwks.json');
      await writeFile(jwks, JSON.stringify(tokens.jwks));
      const passwords = path.join(dir, 'htpasswd');
      await writeFile(passwords, htpasswd);
      const auth =
        scheme === 'basic'
          ? { htpasswd: { realm: 'test', path: passwords } }
          : { token: { realm: tokens.realm, service: 'test-registry', issuer: 'test', jwks } };
      guarded = await registry({ storage: plain.storage, auth });
    });

    it('pulls with the first credential that works', async () => {
      const images = store({ insecureRegistries: [guarded.host] });
      const wrong = { username: 'ann', password: 'wrong' };
      await expect(fetched(images, [wrong, login])).resolves.toBe(digestOf(wasm));
      expect(tokens.issued()).toBe(scheme === 'bearer' ? 1 : 0);
    });

    it('refuses without, and the cache does not get around that', async () => {
      const images = store({ insecureRegistries: [guarded.host] });
      await expect(fetched(images)).rejects.toEqual(failure('ImagePullUnauthorized'));
      await fetched(images, [login]);
      await expect(fetched(images)).rejects.toEqual(failure('ImagePullUnauthorized'));
      await expect(fetched(images, [{ username: 'ann', password: 'wrong' }])).rejects.toEqual(
        failure('ImagePullUnauthorized'),
      );
      await guarded.stop();
      await expect(fetched(images, [login])).resolves.toBe(digestOf(wasm));
    });
  });
});

describe('network', () => {
  it('continues a download where it was cut', async () => {
    await pushComponent(repositoryUrl('cut'), '1', wasm);
    let cuts = 0;
    const faults: Fault[] = [{ cutAfter: 100_000 }, { cutAfter: 50_000 }];
    const front = await proxy(({ url }) => (isBlob(url) ? faults[cuts++] : undefined));
    const images = store({ insecureRegistries: [front.host] });
    expect(await images.fetch(`${front.host}/cut:1`)).toMatchObject({ digest: digestOf(wasm) });
    const [first, second, third, ...more] = front.requests.filter(isBlob);
    expect(first).not.toContain('bytes=');
    expect(second).toMatch(/bytes=[1-9]\d*-$/);
    expect(Number(third!.split('=')[1]!.slice(0, -1))).toBeGreaterThan(
      Number(second!.split('=')[1]!.slice(0, -1)),
    );
    expect(more).toEqual([]);
  });

  it('continues what a killed process left, and starts anew when that is damaged', async () => {
    await pushComponent(repositoryUrl('left'), '1', wasm);
    for (const left of [wasm.subarray(0, 200_000), randomBytes(200_000)]) {
      const front = await proxy(() => undefined);
      const cache = path.join(dir, `left-${left[5]}`);
      const images = store({ dir: cache, insecureRegistries: [front.host] });
      await expect(images.fetch(`${front.host}/absent:1`)).rejects.toEqual(failure('ImageNotFound'));
      await writeFile(path.join(cache, 'blobs', `${digestOf(wasm).replace(':', '-')}.partial`), left);
      const image = await images.fetch(`${front.host}/left:1`);
      expect(digestOf(await readFile(image.path))).toBe(digestOf(wasm));
      expect(front.requests.filter(isBlob)[0]).toMatch(/bytes=200000-$/);
    }
  });

  it('tries again when the registry is overloaded, and gives up in the end', async () => {
    await pushComponent(repositoryUrl('busy'), '1', wasm);
    let answers = 0;
    const front = await proxy(() => (answers++ < 2 ? { status: 503 } : undefined));
    const images = store({ insecureRegistries: [front.host] });
    expect(await images.fetch(`${front.host}/busy:1`)).toMatchObject({ digest: digestOf(wasm) });
    answers = -10;
    await expect(images.fetch(`${front.host}/busy:2`)).rejects.toEqual(failure('ImagePullFailed'));
  });

  it('downloads once for all who ask at the same time, and for none who has left', async () => {
    await pushComponent(repositoryUrl('many'), '1', wasm);
    const front = await proxy(() => undefined);
    const images = store({ insecureRegistries: [front.host] });
    const left = new AbortController();
    const leaving = images.fetch(`${front.host}/many:1`, { signal: left.signal });
    const staying = Array.from({ length: 8 }, () => images.fetch(`${front.host}/many:1`));
    left.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    await Promise.all(staying);
    expect(front.requests.filter(isBlob)).toHaveLength(1);
  });
});

describe('cache', () => {
  it('follows the pull policy when a tag moves', async () => {
    const other = Buffer.concat([wasm, Buffer.from('2')]);
    const images = store();
    const image = `${plain.host}/moving:1`;
    await expect(images.fetch(image, { pullPolicy: 'Never' })).rejects.toEqual(failure('ImageNeverPull'));
    await pushComponent(repositoryUrl('moving'), '1', wasm);
    await images.fetch(image);
    await pushComponent(repositoryUrl('moving'), '1', other);
    for (const pullPolicy of ['IfNotPresent', 'Never'] as const)
      expect(await images.fetch(image, { pullPolicy })).toMatchObject({ digest: digestOf(wasm) });
    expect(await images.fetch(image, { pullPolicy: 'Always' })).toMatchObject({ digest: digestOf(other) });
    expect(await images.fetch(image, { pullPolicy: 'Never' })).toMatchObject({ digest: digestOf(other) });
  });

  it('is shared by references and survives a restart without a network', async () => {
    await pushComponent(repositoryUrl('one'), '1', wasm);
    await pushComponent(repositoryUrl('two'), '1', wasm);
    const front = await proxy(() => undefined);
    const cache = path.join(dir, 'kept');
    const options = { dir: cache, insecureRegistries: [front.host] };
    const before = store(options);
    await before.fetch(`${front.host}/one:1`);
    await before.fetch(`${front.host}/two:1`);
    expect(front.requests.filter(isBlob)).toHaveLength(1);
    await front.stop();
    expect(await store(options).fetch(`${front.host}/two:1`)).toMatchObject({ digest: digestOf(wasm) });
    expect(await readdir(path.join(cache, 'blobs'))).toEqual([digestOf(wasm).replace(':', '-')]);
  });

  it('is not trusted where the disk has damaged it', async () => {
    await pushComponent(repositoryUrl('rotten'), '1', wasm);
    const options = { dir: path.join(dir, 'rotten'), insecureRegistries: [plain.host] };
    const image = `${plain.host}/rotten:1`;
    const kept = (await store(options).fetch(image)).path;
    const lookups = path.join(options.dir, 'lookups');
    const [lookup = ''] = await readdir(lookups);
    const damages: [string, (bytes: Buffer) => Buffer][] = [
      [
        kept,
        (bytes) =>
          Buffer.concat([bytes.subarray(0, 999), Buffer.from([bytes[999]! ^ 1]), bytes.subarray(1000)]),
      ],
      [kept, (bytes) => bytes.subarray(0, 1000)],
      [path.join(lookups, lookup), (bytes) => Buffer.alloc(bytes.length)],
      [path.join(lookups, lookup), (bytes) => bytes.subarray(0, 30)],
    ];
    for (const [file, damage] of damages) {
      await writeFile(file, damage(await readFile(file)));
      expect(await store(options).fetch(image)).toMatchObject({ path: kept, digest: digestOf(wasm) });
      expect(digestOf(await readFile(kept))).toBe(digestOf(wasm));
    }
    await writeFile(kept, 'nothing of it');
    await expect(store(options).fetch(image, { pullPolicy: 'Never' })).rejects.toEqual(
      failure('ImageNeverPull'),
    );
  });
});

describe('file://', () => {
  it('needs the flag, and names it', async () => {
    const attempt = store().fetch('file:///etc/hostname');
    await expect(attempt).rejects.toEqual(failure('FileLoadDisabled'));
    await expect(attempt).rejects.toThrow('--allow-file-load');
  });

  it('notices a new build, and keeps what ran before', async () => {
    const file = path.join(dir, 'built.wasm');
    const images = store({ allowFileLoad: true });
    await expect(images.fetch(`file://${file}`)).rejects.toEqual(failure('ImageNotFound'));
    await writeFile(file, wasm);
    const first = await images.fetch(`file://${file}`);
    expect(first).toMatchObject({
      digest: digestOf(wasm),
      kind: 'component',
      resolved: `file://${file}@${digestOf(wasm)}`,
    });
    expect(await images.fetch(`file://${file}`)).toEqual(first);
    await writeFile(file, Buffer.from('\0asm second'));
    const second = await images.fetch(`file://${file}`);
    expect(second.digest).toBe(digestOf(Buffer.from('\0asm second')));
    expect(digestOf(await readFile(first.path))).toBe(first.digest);
  });
});
