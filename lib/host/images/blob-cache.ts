import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** A blob is not removed before this long after its last use, whatever the bound. */
const KEEP_MS = 60 * 60_000;

/** A folder of immutable files named by their digest. A file appears whole or not at all; those unused for the longest time make room. */
export class BlobCache {
  constructor(
    private readonly dir: string,
    /** Bytes above which old files are removed. */
    private readonly maxBytes: number,
  ) {}

  async open(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
  }

  pathOf(digest: string): string {
    return join(this.dir, digest.replace(':', '-'));
  }

  /** Where a blob is written before it is whole; the same path each time for the same digest, so that a download can be continued. */
  partialPathOf(digest?: string): string {
    return `${digest === undefined ? join(this.dir, randomUUID()) : this.pathOf(digest)}.partial`;
  }

  /** Makes a blob of what was written to `partial`; resolves with its final path. */
  async add(partial: string, digest: string): Promise<string> {
    await rename(partial, this.pathOf(digest));
    return this.pathOf(digest);
  }

  /** Whether a blob is there; marks it as used now. */
  async touch(digest: string): Promise<boolean> {
    const now = new Date();
    return missingAs(
      utimes(this.pathOf(digest), now, now).then(() => true),
      false,
    );
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  /** Removes what was not used for the longest time until `bytes` more fit under the bound. */
  async makeRoom(bytes: number): Promise<void> {
    const names = await readdir(this.dir);
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.dir, name);
        const { size, mtimeMs } = await missingAs(stat(path), { size: 0, mtimeMs: Date.now() });
        return { path, size, usedAt: mtimeMs };
      }),
    );
    let total = bytes + entries.reduce((sum, entry) => sum + entry.size, 0);
    for (const entry of entries.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.maxBytes || Date.now() - entry.usedAt < KEEP_MS) return;
      await rm(entry.path, { force: true });
      total -= entry.size;
    }
  }
}

/** Resolves with `fallback` where a file does not exist; other failures stay failures. */
export async function missingAs<T, F>(work: Promise<T>, fallback: F): Promise<T | F> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fallback;
    throw error;
  }
}
