import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { KasmError } from '../../base/errors';
import type { ObjectId } from '../../lattice/interfaces/blobstore';
import type { BlobInfo, BlobStore } from './blob-service';
import { invalid, knownSettings, lowerCased, type Settings } from './settings';

const chunkBytes = 65_536;
/** What is being written; no object has such a name. */
const partial = /^\.[0-9a-f-]{36}\.part$/;

/**
 * Objects as files: a container is a directory of its root, an object `a/b` the file `b` in its directory `a`. Names lead nowhere else,
 * and no symbolic link is followed out of the root.
 */
export class FileBlobStore implements BlobStore {
  constructor(private readonly root: string) {}

  async createContainer(container: string): Promise<void> {
    await mkdir(this.pathOf(container), { recursive: true });
  }

  async deleteContainer(container: string): Promise<void> {
    await rm(await this.existing(container), { recursive: true, force: true });
  }

  async clearContainer(container: string): Promise<void> {
    const directory = await this.existing(container);
    for (const entry of await readdir(directory)) {
      await rm(path.join(directory, entry), { recursive: true, force: true });
    }
  }

  async containerExists(container: string): Promise<boolean> {
    return (await statOf(this.pathOf(container)))?.isDirectory() ?? false;
  }

  async containerInfo(container: string): Promise<{ createdAt: bigint }> {
    return { createdAt: seconds(await stat(await this.existing(container))) };
  }

  async *list(container: string): AsyncGenerator<string> {
    yield* walk(await this.existing(container), '');
  }

  async info(id: ObjectId): Promise<BlobInfo> {
    const found = await statOf(await this.fileOf(id));
    if (found?.isFile() !== true) throw noObject(id);
    return { createdAt: seconds(found), size: BigInt(found.size) };
  }

  async has(id: ObjectId): Promise<boolean> {
    return (await statOf(await this.fileOf(id)))?.isFile() ?? false;
  }

  async delete(container: string, objects: readonly string[]): Promise<void> {
    for (const object of objects) await rm(await this.fileOf({ container, object }), { force: true });
  }

  async read(id: ObjectId, start: bigint, end: bigint): Promise<AsyncIterable<Uint8Array>> {
    const file = await opened(await this.fileOf(id));
    const found = await file?.stat();
    if (file === undefined || found?.isFile() !== true) {
      await file?.close();
      throw noObject(id);
    }
    const size = BigInt(found.size);
    return contents(file, Number(start), Number(end < size ? end + 1n : size));
  }

  async write(id: ObjectId, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const directory = await this.existing(id.container);
    const file = await this.fileOf(id);
    const temporary = path.join(directory, `.${randomUUID()}.part`);
    try {
      const handle = await open(temporary, 'wx');
      try {
        for await (const chunk of data) {
          signal.throwIfAborted();
          await handle.writeFile(chunk);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await mkdir(path.dirname(file), { recursive: true });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  private pathOf(container: string): string {
    if (!isName(container)) {
      throw new KasmError(`${JSON.stringify(container)} cannot be the name of a container`);
    }
    return path.join(this.root, container);
  }

  /** The directory of a container that is there, and within the root. */
  private async existing(container: string): Promise<string> {
    const directory = this.pathOf(container);
    if (!(await this.containerExists(container))) {
      throw new KasmError(`There is no container ${JSON.stringify(container)}`);
    }
    await this.within(directory);
    return directory;
  }

  /** Where an object is, or would be. */
  private async fileOf({ container, object }: ObjectId): Promise<string> {
    const directory = await this.existing(container);
    const names = object.split('/');
    if (!names.every(isName))
      throw new KasmError(`${JSON.stringify(object)} cannot be the name of an object`);
    const file = path.join(directory, ...names);
    for (let parent = path.dirname(file); parent !== directory; parent = path.dirname(parent)) {
      if ((await statOf(parent)) !== undefined) await this.within(parent);
    }
    return file;
  }

  private async within(directory: string): Promise<void> {
    const [root, real] = await Promise.all([realpath(this.root), realpath(directory)]);
    if (!real.startsWith(root + path.sep))
      throw new KasmError('A directory of the container leads out of it');
  }
}

/**
 * The directory of a link: `root` of its configuration, below the directory that the host keeps for blobs of the link's namespace. A path
 * from the top of the file system means the top of that directory: whoever may write a link must not read the host's files by it.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function rootOf(settings: Settings, directory: string): string {
  const known = lowerCased(settings);
  knownSettings(known, ['root']);
  const { root = '' } = known;
  if (root.includes('\0')) throw invalid('root', root, 'is no path', 'Name a directory');
  return path.join(directory, path.resolve('/', root));
}

/** Whether a text is the name of one thing within a directory. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name) && !partial.test(name);
}

async function* walk(directory: string, prefix: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* walk(path.join(directory, entry.name), `${prefix}${entry.name}/`);
    else if (entry.isFile() && !partial.test(entry.name)) yield prefix + entry.name;
  }
}

async function* contents(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = start; at < end;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - at)),
        0,
        null,
        at,
      );
      if (bytesRead === 0) throw new KasmError('The object became shorter while it was read');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function statOf(file: string): Promise<Stats | undefined> {
  return unlessMissing(lstat(file));
}

async function opened(file: string): Promise<FileHandle | undefined> {
  return unlessMissing(open(file, constants.O_RDONLY | constants.O_NOFOLLOW));
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

function seconds({ birthtimeMs, mtimeMs }: Stats): bigint {
  return BigInt(Math.floor((birthtimeMs || mtimeMs) / 1000));
}

function noObject({ container, object }: ObjectId): KasmError {
  return new KasmError(
    `There is no object ${JSON.stringify(object)} in container ${JSON.stringify(container)}`,
  );
}
