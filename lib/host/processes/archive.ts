import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { messageOf, TerminalError } from '../../base/errors';

const MAX_ENTRIES = 256;
const MAX_CLAIMS = 1 << 20;

export interface UnpackOptions {
  /** Path of the archive. */
  readonly path: string;
  /** As people named it, for messages. */
  readonly image: string;
  /** The kind of machine, e.g. `x86_64-linux`. */
  readonly target: string;
  /** Where the program is written. */
  readonly destination: string;
  readonly isGzip: boolean;
  /** Most bytes that the archive may hold: a small file may unpack to terabytes. */
  readonly maxBytes: number;
}

/**
 * Takes the program for one kind of machine out of a provider archive (`.par`, also with gzip) and writes it to `destination`.
 * As wasmCloud hosts do, it compares the program with the hash in the archive's claims, and asks nothing of who signed them.
 *
 * @throws TerminalError `InvalidArchive`, `WrongArchitecture`, `ArchiveTooLarge` or `HashMismatch`
 */
export async function unpackProgram(options: UnpackOptions): Promise<void> {
  const { path, image, target, destination, isGzip } = options;
  const tar = extract();
  const bounded = bound(image, options.maxBytes);
  const source = isGzip
    ? pipeline(createReadStream(path), createGunzip(), bounded, tar)
    : pipeline(createReadStream(path), bounded, tar);
  const reading = readEntries(tar, image, `${target}.bin`, destination);
  const [read, piped] = await Promise.allSettled([reading, source]);
  // Whoever failed first ended the other: a bound or a hash tells more than a stream that was closed early.
  const failures = [read, piped].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  const named = failures.find((reason) => reason instanceof TerminalError);
  if (named !== undefined) throw named;
  if (read.status === 'rejected' || piped.status === 'rejected')
    throw invalid(image, `cannot be read: ${messageOf(failures[0])}`);
  check(image, target, read.value);
}

interface Entries {
  readonly claims: string | undefined;
  /** Upper-case hex SHA-256 of the program. */
  readonly hash: string | undefined;
  readonly names: readonly string[];
}

async function readEntries(
  tar: ReturnType<typeof extract>,
  image: string,
  program: string,
  destination: string,
): Promise<Entries> {
  let claims: string | undefined;
  let hash: string | undefined;
  const names: string[] = [];
  for await (const entry of tar) {
    const { type, size = 0 } = entry.header;
    const name = entry.header.name.replace(/^\.\//, '');
    if (names.push(name) > MAX_ENTRIES) throw invalid(image, `has more than ${MAX_ENTRIES} entries`);
    if (type === 'file' && name === 'claims.jwt') {
      if (size > MAX_CLAIMS) throw invalid(image, `has claims of ${size} bytes`);
      claims = await textOf(entry);
    } else if (type === 'file' && name === program && hash === undefined) {
      hash = await write(entry, destination);
    } else {
      entry.resume();
    }
  }
  return { claims, hash, names };
}

function check(image: string, target: string, { claims, hash, names }: Entries): void {
  if (claims === undefined) throw invalid(image, 'has no claims.jwt');
  const expected = targetHashes(image, claims)[target];
  if (hash === undefined) {
    const targets = names.filter((name) => name.endsWith('.bin')).map((name) => name.slice(0, -4));
    throw new TerminalError(
      'WrongArchitecture',
      `Image ${image} has no program for ${target}; it has ${targets.join(', ') || 'none at all'}`,
      'Build the provider for this machine, or place it on a host of another kind with hostSelector',
    );
  }
  if (expected?.toUpperCase() === hash) return;
  throw new TerminalError(
    'HashMismatch',
    `Image ${image}: ${target}.bin has the SHA-256 ${hash}, its claims say ${expected ?? 'none'}`,
    'The archive was changed after it was signed: build or fetch it again',
  );
}

function targetHashes(image: string, jwt: string): Readonly<Record<string, string | undefined>> {
  let hashes: unknown;
  try {
    const body = Buffer.from(jwt.trim().split('.')[1] ?? '', 'base64url').toString();
    hashes = (JSON.parse(body) as { wascap?: { target_hashes?: unknown } }).wascap?.target_hashes;
  } catch (cause) {
    throw invalid(image, 'has a claims.jwt that is no token', { cause });
  }
  if (typeof hashes === 'object' && hashes !== null) return hashes as Record<string, string>;
  throw invalid(image, 'has claims without target_hashes');
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function write(entry: AsyncIterable<unknown>, destination: string): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(
    entry as AsyncIterable<Buffer>,
    hashed,
    createWriteStream(destination, { mode: 0o700, flush: true }),
  );
  return hash.digest('hex').toUpperCase();
}

/** Ends a stream that goes over `maxBytes`. */
function bound(image: string, maxBytes: number) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new TerminalError(
          'ArchiveTooLarge',
          `Image ${image} unpacks to more than ${maxBytes} bytes`,
          'Strip the programs in it, or publish one archive for each kind of machine',
        );
      yield chunk;
    }
  };
}

function invalid(image: string, what: string, options?: ErrorOptions): TerminalError {
  return new TerminalError(
    'InvalidArchive',
    `Image ${image} ${what}`,
    'A provider is an archive (.par, .par.gz) with claims.jwt and a program for each target, or one executable file',
    options,
  );
}
