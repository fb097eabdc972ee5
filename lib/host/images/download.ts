import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { Backoff } from '../../base/backoff';
import { KasmError, TerminalError, messageOf } from '../../base/errors';
import { sleep } from '../../base/sleep';
import { ImagePullError } from './errors';
import type { Artifact } from './manifest';
import { mismatch, type Repository } from './registry-client';

/** Cut connections in a row, none of which brought a byte, before the download fails. */
const ATTEMPTS = 5;

/**
 * Downloads a blob to `path`, verifying its digest as it streams. What an earlier attempt left at `path`, even one of a process that was
 * killed, is continued from where it ended; so is a connection that is cut.
 * @throws ImagePullError when the registry stays silent, TerminalError `InvalidImage` when the content does not match its digest or size.
 */
export async function downloadBlob(
  repository: Repository,
  image: string,
  artifact: Artifact,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const resumed = await receive(repository, image, artifact, path, signal);
  if (resumed === 'damaged') {
    // What was left on disk was not what the registry serves: from the start, once.
    await rm(path, { force: true });
    const again = await receive(repository, image, artifact, path, signal);
    if (again === 'damaged') throw new KasmError(`${path} changed while it was written`);
  }
}

async function receive(
  repository: Repository,
  image: string,
  artifact: Artifact,
  path: string,
  signal: AbortSignal,
): Promise<'complete' | 'damaged'> {
  const algorithm = artifact.digest.slice(0, artifact.digest.indexOf(':'));
  const file = await open(path, 'a');
  try {
    let hash = createHash(algorithm);
    let size = await hashFile(path, hash);
    const found = size;
    let stalled = 0;
    const backoff = new Backoff({ minMs: 300, maxMs: 5_000 });
    while (size < artifact.size) {
      const before = size;
      try {
        const { body, offset } = await repository.blob(artifact.digest, size, signal);
        if (offset !== size) {
          await file.truncate(0);
          hash = createHash(algorithm);
          size = 0;
          if (offset !== 0) throw new KasmError(`The registry resumed at byte ${offset}`);
        }
        for await (const chunk of body as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > artifact.size) throw tooLong(image, artifact);
          hash.update(chunk);
          await writeAll(file, chunk);
        }
        if (size < artifact.size)
          throw new KasmError(`The connection ended after ${size} of ${artifact.size} bytes`);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TerminalError || error instanceof ImagePullError) throw error;
        if (size > before) {
          stalled = 0;
          backoff.reset();
        }
        if (++stalled === ATTEMPTS) throw cut(image, size, artifact, error);
        await sleep(backoff.next(), signal);
      }
    }
    const actual = `${algorithm}:${hash.digest('hex')}`;
    if (size === artifact.size && actual === artifact.digest) {
      await file.sync();
      return 'complete';
    }
    if (found > 0) return 'damaged';
    throw mismatch(image, 'layer', artifact.digest, actual);
  } catch (error) {
    if (error instanceof TerminalError) await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Feeds a file to a hash; resolves with its size in bytes. */
export async function hashFile(path: string, hash: Hash): Promise<number> {
  const { size } = await stat(path);
  if (size > 0) for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return size;
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length;)
    offset += (await file.write(chunk, offset, chunk.length - offset)).bytesWritten;
}

function cut(image: string, size: number, artifact: Artifact, cause: unknown): ImagePullError {
  return new ImagePullError(
    'ImagePullFailed',
    `Image ${image}: download of ${artifact.digest} stopped at ${size} of ${artifact.size} bytes: ${messageOf(cause)}`,
    'It is continued with the next attempt',
    { cause },
  );
}

function tooLong(image: string, artifact: Artifact): TerminalError {
  return new TerminalError(
    'InvalidImage',
    `Image ${image}: layer ${artifact.digest} is longer than the ${artifact.size} bytes that its manifest states`,
    'Push the image again',
  );
}
