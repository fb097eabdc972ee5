import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import { missingAs } from './blob-cache';
import type { RegistryCredential } from './credentials';
import type { Artifact } from './manifest';
import type { OciReference } from './reference';

/** What a reference led to when it was last looked up. */
export interface Lookup {
  readonly manifestDigest: string;
  readonly artifact: Artifact;
}

/** More are not remembered; beyond, the oldest are forgotten. */
const MAX_LOOKUPS = 5_000;

/**
 * Remembers on disk what references led to, apart for each set of credentials: the cache serves nobody an image that their own credentials
 * were not good for.
 */
export class Lookups {
  constructor(private readonly dir: string) {}

  async open(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
  }

  async get(
    reference: OciReference,
    credentials: readonly RegistryCredential[],
  ): Promise<Lookup | undefined> {
    const path = this.pathOf(reference, credentials);
    const text = await missingAs(readFile(path, 'utf8'), undefined);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as Lookup);
    } catch (error) {
      log.warn(
        { file: path, error: messageOf(error) },
        'A remembered image is damaged on disk, it is looked up again',
      );
      return undefined;
    }
  }

  async set(
    reference: OciReference,
    credentials: readonly RegistryCredential[],
    lookup: Lookup,
  ): Promise<void> {
    const path = this.pathOf(reference, credentials);
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, JSON.stringify(lookup));
    await rename(temporary, path);
    await this.forgetOldest();
  }

  private async forgetOldest(): Promise<void> {
    const names = await readdir(this.dir);
    if (names.length <= MAX_LOOKUPS) return;
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.dir, name);
        return { path, at: (await missingAs(stat(path), { mtimeMs: 0 })).mtimeMs };
      }),
    );
    // A tenth at once, so that the next many writes need not look.
    const oldest = entries.sort((a, b) => a.at - b.at).slice(0, names.length - MAX_LOOKUPS * 0.9);
    await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
  }

  private pathOf(reference: OciReference, credentials: readonly RegistryCredential[]): string {
    const { registry, repository, tag, digest } = reference;
    const key = JSON.stringify([registry, repository, digest ?? tag, credentials]);
    return join(this.dir, `${createHash('sha256').update(key).digest('hex')}.json`);
  }
}
