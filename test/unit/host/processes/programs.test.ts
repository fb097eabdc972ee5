import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Programs } from '../../../../lib/host/processes/programs';
import type { StoredImage } from '../../../../lib/host/images/store';
import { archive, claims, tar } from '../../../provider-archive';

const target = 'x86_64-linux';
let dir: string;
let programs: Programs;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'programs-'));
  programs = new Programs(path.join(dir, 'cache'), { target, maxUnpackedBytes: 8 << 20 });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function image(content: Buffer): Promise<StoredImage> {
  const file = path.join(dir, 'image');
  await writeFile(file, content);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { path: file, digest, kind: 'provider-archive', mediaType: '', resolved: 'registry.example/p@x' };
}
const prepare = async (content: Buffer): Promise<string> => programs.prepare(await image(content));
const program = Buffer.from('#!/bin/sh\nexit 0\n');

it.each([
  ['a plain script', async () => program],
  ['an archive', () => archive({ [target]: program })],
  [
    'a compressed archive',
    async () => gzipSync(await archive({ [target]: program, 'aarch64-macos': Buffer.from('m') })),
  ],
  [
    'an archive with its claims behind the program',
    () => tar({ [`${target}.bin`]: program, 'claims.jwt': claims({ [target]: program }) }),
  ],
])('takes the program for this machine from %s', async (_what, make) => {
  const file = await prepare(await make());
  expect(await readFile(file)).toEqual(program);
  expect((await stat(file)).mode & 0o777).toBe(0o700);
  expect(await readdir(path.dirname(file))).toHaveLength(1);
});

it.each([
  ['InvalidProvider', 'text', async () => Buffer.from('hello')],
  ['InvalidProvider', 'nothing', async () => Buffer.alloc(0)],
  ['InvalidProvider', 'a component', async () => Buffer.from('\0asm\x0d\0\x01\0')],
  ['InvalidArchive', 'an archive without claims', () => tar({ [`${target}.bin`]: program })],
  ['InvalidArchive', 'claims that are no token', () => tar({ 'claims.jwt': Buffer.from('x') })],
  [
    'InvalidArchive',
    'claims without hashes',
    () => tar({ 'claims.jwt': Buffer.from(`e30.${Buffer.from('{}').toString('base64url')}.`) }),
  ],
  [
    'InvalidArchive',
    'half an archive',
    async () => (await archive({ [target]: Buffer.alloc(4096, 1) })).subarray(0, 3000),
  ],
  [
    'InvalidArchive',
    'broken gzip',
    async () => gzipSync(await archive({ [target]: program })).subarray(0, 80),
  ],
  ['WrongArchitecture', 'a program for another machine', () => archive({ 'aarch64-macos': program })],
  [
    'HashMismatch',
    'a program that was changed',
    () => tar({ 'claims.jwt': claims({ [target]: Buffer.from('other') }), [`${target}.bin`]: program }),
  ],
])('refuses as %s %s, and leaves nothing behind', async (reason, _what, make) => {
  await expect(prepare(await make())).rejects.toMatchObject({ reason });
  expect(await readdir(path.join(dir, 'cache'))).toEqual([]);
});

it('stops at the bound of what a small archive unpacks to', async () => {
  const zeros = Buffer.alloc(1 << 20);
  const bomb = gzipSync(
    await tar(Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`${n}.bin`, zeros]))),
  );
  await expect(prepare(bomb)).rejects.toMatchObject({ reason: 'ArchiveTooLarge' });
});

it('unpacks once', async () => {
  const content = await archive({ [target]: program });
  const file = await prepare(content);
  await rm(path.join(dir, 'image'));
  expect(await programs.prepare({ ...(await image(content)), path: '/nowhere' })).toBe(file);
});
