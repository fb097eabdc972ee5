import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { sleep } from '../base/sleep';
import { FileLock } from './file-lock';
import type { Step } from './progress';

/** The folder that tools are kept in, shared by all installations of this user. */
export function cacheDir(): string {
  const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return path.join(base, 'kasmcloud', 'tools');
}

/** The name of a cache entry: what it is, and a digest of all that decides its content. */
export function cacheKey(name: string, version: string, ...inputs: (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const input of [process.platform, process.arch, ...inputs]) {
    hash.update(`${Buffer.byteLength(input)}:`).update(input);
  }
  return `${name}-${version}-${hash.digest('hex').slice(0, 12)}`;
}

/**
 * The folder of a cache entry, filled by `fill` when it is not there yet. Of several processes that want it at once one fills it
 * and the others wait; an entry is either whole or absent, whenever a process is killed.
 */
export async function cached(
  key: string,
  step: Pick<Step, 'update'>,
  fill: (dir: string) => Promise<void>,
): Promise<string> {
  const entry = path.join(cacheDir(), key);
  if (existsSync(entry)) return entry;
  const lock = new FileLock(path.join(cacheDir(), '.locks', key));
  while (!lock.tryAcquire()) {
    const holder = lock.holder();
    if (holder) step.update(`process ${holder.pid} is at it`);
    await sleep(500);
  }
  try {
    if (existsSync(entry)) return entry;
    const draft = `${entry}.incomplete`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await fill(draft);
    renameSync(draft, entry);
    return entry;
  } finally {
    lock.release();
  }
}
