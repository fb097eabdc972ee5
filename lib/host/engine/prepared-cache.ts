import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

const metaFile = 'prepared.json';

/**
 * A folder of folders, each made once and never changed. An entry is built beside its place and renamed into it, so readers see it whole
 * or not at all: any number of processes may share the cache, and a crash leaves nothing but a `.tmp-…` folder.
 */
export class PreparedCache {
  /** Builds under way in this process: a second caller waits for the first. */
  private readonly building = new Map<string, Promise<unknown>>();

  constructor(private readonly root: string) {}

  /**
   * The entry `key` (a file name); `build` fills the folder it is given and returns what is to be remembered of it as JSON.
   */
  async entry<T>(key: string, build: (dir: string) => Promise<T>): Promise<{ dir: string; meta: T }> {
    const running = this.building.get(key);
    if (running !== undefined) return running as Promise<{ dir: string; meta: T }>;
    const promise = this.find<T>(key).then((found) => found ?? this.make(key, build));
    this.building.set(key, promise);
    try {
      return await promise;
    } finally {
      this.building.delete(key);
    }
  }

  private async find<T>(key: string): Promise<{ dir: string; meta: T } | undefined> {
    const dir = path.join(this.root, key);
    try {
      return { dir, meta: JSON.parse(await readFile(path.join(dir, metaFile), 'utf8')) as T };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async make<T>(key: string, build: (dir: string) => Promise<T>): Promise<{ dir: string; meta: T }> {
    const dir = path.join(this.root, key);
    const temporary = path.join(this.root, `.tmp-${randomUUID()}`);
    await mkdir(temporary, { recursive: true });
    try {
      const meta = await build(temporary);
      await writeFile(path.join(temporary, metaFile), JSON.stringify(meta));
      await rename(temporary, dir);
      return { dir, meta };
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      // Another process was faster: its entry is as good as ours.
      const code = (error as NodeJS.ErrnoException).code;
      const other = code === 'ENOTEMPTY' || code === 'EEXIST' ? await this.find<T>(key) : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }
}
