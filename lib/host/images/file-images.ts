import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { TerminalError } from '../../base/errors';
import type { BlobCache } from './blob-cache';
import { ImagePullError, tooLarge } from './errors';
import type { FileReference } from './reference';
import type { StoredImage } from './store';

/**
 * Images from files of the host. A file is copied into the cache, so that what runs stays as it was when somebody builds anew; a changed
 * file is noticed by the next fetch and read again.
 */
export class FileImages {
  private readonly known = new Map<string, { fingerprint: string; image: StoredImage }>();

  constructor(
    private readonly blobs: BlobCache,
    private readonly maxBytes: number,
  ) {}

  async fetch(reference: FileReference): Promise<StoredImage> {
    const found = await stat(reference.path).catch((error: NodeJS.ErrnoException) => {
      throw new ImagePullError(
        'ImageNotFound',
        `Image ${reference.text} cannot be read: ${error.code ?? error.message}`,
        'Build it, or correct spec.image; the path is one of the host, not of the client',
        { cause: error },
      );
    });
    if (!found.isFile())
      throw new TerminalError('InvalidImage', `Image ${reference.text} is not a file`, 'Name the .wasm file');
    if (found.size > this.maxBytes) throw tooLarge(reference.text, found.size, this.maxBytes);
    const fingerprint = [found.ino, found.size, found.mtimeMs, found.ctimeMs].join();
    const known = this.known.get(reference.path);
    if (known?.fingerprint === fingerprint && (await this.blobs.touch(known.image.digest)))
      return known.image;
    const image = await this.copy(reference);
    this.known.set(reference.path, { fingerprint, image });
    return image;
  }

  private async copy(reference: FileReference): Promise<StoredImage> {
    const partial = this.blobs.partialPathOf();
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    const copy = await open(partial, 'w');
    try {
      for await (const chunk of createReadStream(reference.path) as AsyncIterable<Buffer>) {
        if (head.length < 4) head = Buffer.concat([head, chunk.subarray(0, 4)]);
        hash.update(chunk);
        await copy.appendFile(chunk);
      }
      await copy.sync();
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await copy.close();
    }
    const digest = `sha256:${hash.digest('hex')}`;
    const isWasm = head.subarray(0, 4).equals(Buffer.from('\0asm'));
    return {
      path: await this.blobs.add(partial, digest),
      digest,
      kind: isWasm ? 'component' : 'provider-archive',
      mediaType: isWasm ? 'application/wasm' : 'application/octet-stream',
      resolved: `${reference.text}@${digest}`,
    };
  }
}
