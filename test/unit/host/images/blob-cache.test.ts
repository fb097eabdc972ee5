import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlobCache } from '../../../../lib/host/images/blob-cache';

let dir: string;
let cache: BlobCache;
const hour = 60 * 60_000;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'blobs-'));
  cache = new BlobCache(dir, 1000);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function add(digest: string, size: number, agoMs: number): Promise<void> {
  const partial = cache.partialPathOf(digest);
  await writeFile(partial, Buffer.alloc(size));
  const file = await cache.add(partial, digest);
  const usedAt = new Date(Date.now() - agoMs);
  await utimes(file, usedAt, usedAt);
}

it('removes what was not used for the longest time until there is room', async () => {
  await add('sha256:a', 400, 4 * hour);
  await add('sha256:b', 400, 3 * hour);
  await add('sha256:c', 100, 2 * hour);
  await cache.makeRoom(100);
  expect(await readdir(dir)).toHaveLength(3);
  await cache.makeRoom(300);
  expect((await readdir(dir)).sort()).toEqual(['sha256-b', 'sha256-c']);
});

it('keeps what is in use, whatever the bound', async () => {
  await add('sha256:a', 900, 3 * hour);
  await add('sha256:b', 900, 2 * hour);
  expect(await cache.touch('sha256:a')).toBe(true);
  await cache.makeRoom(900);
  expect(await readdir(dir)).toEqual(['sha256-a']);
});

it('tells whether a blob is there', async () => {
  expect(await cache.touch('sha256:absent')).toBe(false);
});
