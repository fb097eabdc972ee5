import { constants } from 'node:fs';
import { chmod, copyFile, open, rm } from 'node:fs/promises';
import { TerminalError } from '../../base/errors';
import { BlobCache } from '../images/blob-cache';
import type { StoredImage } from '../images/store';
import { unpackProgram } from './archive';

/** Bytes above which programs that were not used for the longest time are removed. */
const MAX_CACHE = 4 * 2 ** 30;

/** How provider archives name this machine. */
export const machineTarget = targetOf(process.arch, process.platform);

export interface ProgramsOptions {
  /** The kind of machine, as archives name it. @default this one, e.g. `x86_64-linux` */
  readonly target?: string;
  /** Most bytes of an unpacked archive. @default 1 GiB */
  readonly maxUnpackedBytes?: number;
}

/** The executable files of provider images, by the digest of the image. A file appears whole or not at all. */
export class Programs {
  private readonly files: BlobCache;
  /** Digests of images whose program this process has written: what lay on disk before may have been damaged there. */
  private readonly written = new Set<string>();

  constructor(
    dir: string,
    private readonly options: ProgramsOptions = {},
  ) {
    this.files = new BlobCache(dir, MAX_CACHE);
  }

  /**
   * The program in an image: the one for this machine from an archive, or a plain executable (ELF, Mach-O, `#!`) as it is.
   * @returns the path of a file that this user alone may execute
   * @throws TerminalError `InvalidProvider` when the image is neither, else as `unpackProgram`
   */
  async prepare(image: StoredImage): Promise<string> {
    await this.files.open();
    if (this.written.has(image.digest) && (await this.files.touch(image.digest)))
      return this.files.pathOf(image.digest);
    await this.files.makeRoom(0);
    const partial = this.files.partialPathOf();
    try {
      await this.write(image, partial);
      const path = await this.files.add(partial, image.digest);
      this.written.add(image.digest);
      return path;
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  private async write(image: StoredImage, partial: string): Promise<void> {
    const form = formOf(await headOf(image.path));
    switch (form) {
      case 'program':
        await copyFile(image.path, partial, constants.COPYFILE_FICLONE);
        return chmod(partial, 0o700);
      case 'gzip':
      case 'tar':
        return unpackProgram({
          path: image.path,
          image: image.resolved,
          target: this.options.target ?? machineTarget,
          destination: partial,
          isGzip: form === 'gzip',
          maxBytes: this.options.maxUnpackedBytes ?? 1 << 30,
        });
      case 'wasm':
        throw new TerminalError(
          'InvalidProvider',
          `Image ${image.resolved} is a component, not a provider`,
          'Run it as a WasmCloudActor',
        );
      case undefined:
        throw new TerminalError(
          'InvalidProvider',
          `Image ${image.resolved} is neither a provider archive nor an executable file`,
          'Name a .par or .par.gz, an executable of this machine, or a script that starts with #! and an absolute path',
        );
    }
  }
}

type Form = 'program' | 'gzip' | 'tar' | 'wasm';

const programs = ['7f454c46', 'cffaedfe', 'cafebabe'].map((hex) => Buffer.from(hex, 'hex'));

function formOf(head: Buffer): Form | undefined {
  const starts = (magic: Uint8Array): boolean => head.subarray(0, magic.length).equals(magic);
  if (programs.some(starts) || starts(Buffer.from('#!'))) return 'program';
  if (starts(Uint8Array.of(0x1f, 0x8b))) return 'gzip';
  if (starts(Buffer.from('\0asm'))) return 'wasm';
  return head.subarray(257, 262).toString('latin1') === 'ustar' ? 'tar' : undefined;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function targetOf(arch: string, platform: string): string {
  const arches: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };
  const systems: Record<string, string> = { darwin: 'macos', win32: 'windows' };
  return `${arches[arch] ?? arch}-${systems[platform] ?? platform}`;
}
