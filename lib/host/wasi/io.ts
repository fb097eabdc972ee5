import { WitError, type HostImports } from '../engine/engine';
import type { Guest, Waitable } from './guest';

/** Most bytes of one read or of a list that a guest asks for: a guest's number never decides how much the host allocates. */
export const maxReadBytes = 65_536;

/** Bytes on their way to a guest. */
export interface ByteSource extends Waitable {
  /** Up to `max` bytes that have arrived, none when there are none yet, `undefined` after the last. Throws when they stopped coming. */
  take(max: number): Uint8Array | undefined;
  /** The guest wants no more. */
  close(): void;
}

/** Bytes on their way from a guest. */
export interface ByteSink extends Waitable {
  /** How many bytes may be written now; zero means to wait. Throws when nobody wants any. */
  room(): number;
  /** Takes the bytes over: the caller does not touch them again. */
  write(bytes: Uint8Array): void;
  /** The guest dropped the stream. */
  close(): void;
}

/** `wasi:io/error`: an error whose details are for people. */
export class IoError {
  constructor(
    private readonly message: string,
    /** What a package of its own makes of the error, e.g. an `error-code` of wasi:http. */
    readonly detail?: unknown,
  ) {}

  toDebugString(): string {
    return this.message;
  }
}

type StreamError = { tag: 'closed' } | { tag: 'last-operation-failed'; val: IoError };

export class Pollable {
  constructor(
    private readonly guest: Guest,
    readonly source: Waitable,
  ) {}

  ready(): boolean {
    return this.source.ready();
  }

  block(): void | Promise<void> {
    return this.guest.wait([this.source]);
  }
}

export class InputStream {
  constructor(
    private readonly guest: Guest,
    private readonly source: ByteSource,
  ) {}

  read(length: bigint): Uint8Array {
    return streaming(() => this.source.take(bounded(length))) ?? fail({ tag: 'closed' });
  }

  blockingRead(length: bigint): Uint8Array | Promise<Uint8Array> {
    const waited = this.guest.wait([this.source]);
    return waited === undefined ? this.read(length) : waited.then(() => this.read(length));
  }

  skip(length: bigint): bigint {
    return BigInt(this.read(length).length);
  }

  blockingSkip(length: bigint): bigint | Promise<bigint> {
    const bytes = this.blockingRead(length);
    return bytes instanceof Promise ? bytes.then(({ length }) => BigInt(length)) : BigInt(bytes.length);
  }

  subscribe(): Pollable {
    return new Pollable(this.guest, this.source);
  }

  [Symbol.dispose](): void {
    this.source.close();
  }
}

export class OutputStream {
  constructor(
    private readonly guest: Guest,
    private readonly sink: ByteSink,
  ) {}

  checkWrite(): bigint {
    return BigInt(streaming(() => this.sink.room()));
  }

  write(bytes: Uint8Array): void {
    streaming(() => {
      if (bytes.length > this.sink.room()) throw new TypeError('Guest wrote more than check-write permitted');
      this.sink.write(bytes);
    });
  }

  blockingWriteAndFlush(bytes: Uint8Array): void | Promise<void> {
    if (bytes.length === 0 || streaming(() => this.sink.room()) >= bytes.length) {
      if (bytes.length > 0) this.sink.write(bytes);
      return;
    }
    return this.writePatiently(bytes);
  }

  /** Everything written is on its way without being asked: a flush only waits until there is room again. */
  flush(): void {
    streaming(() => this.sink.room());
  }

  blockingFlush(): void | Promise<void> {
    this.flush();
    return this.guest.wait([this.sink]);
  }

  writeZeroes(length: bigint): void {
    this.write(zeroes(length));
  }

  blockingWriteZeroesAndFlush(length: bigint): void | Promise<void> {
    return this.blockingWriteAndFlush(zeroes(length));
  }

  splice(source: InputStream, length: bigint): bigint {
    const room = BigInt(streaming(() => this.sink.room()));
    if (room === 0n) return 0n;
    const bytes = source.read(length < room ? length : room);
    if (bytes.length > 0) this.write(bytes);
    return BigInt(bytes.length);
  }

  async blockingSplice(source: InputStream, length: bigint): Promise<bigint> {
    await this.guest.wait([this.sink]);
    const room = BigInt(streaming(() => this.sink.room()));
    const bytes = await source.blockingRead(length < room ? length : room);
    this.write(bytes);
    return BigInt(bytes.length);
  }

  subscribe(): Pollable {
    return new Pollable(this.guest, this.sink);
  }

  [Symbol.dispose](): void {
    this.sink.close();
  }

  private async writePatiently(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      await this.guest.wait([this.sink]);
      const room = streaming(() => this.sink.room());
      this.sink.write(rest.subarray(0, room));
      rest = rest.subarray(room);
    }
  }
}

/** A waitable that is always ready. */
export const always: Waitable = { ready: () => true, subscribe: () => () => undefined };

/** wasi:io of one instance. */
export function io(guest: Guest): HostImports {
  return {
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': {
      Pollable,
      poll(pollables: Pollable[]): number[] | Promise<number[]> {
        if (pollables.length === 0) throw new TypeError('Guest polled an empty list');
        const ready = (): number[] =>
          pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : []));
        const waited = guest.wait(pollables.map(({ source }) => source));
        return waited === undefined ? ready() : waited.then(ready);
      },
    },
    'wasi:io/streams': { InputStream, OutputStream },
  };
}

function bounded(length: bigint): number {
  return length > maxReadBytes ? maxReadBytes : Number(length);
}

function zeroes(length: bigint): Uint8Array {
  return new Uint8Array(bounded(length));
}

function fail(payload: StreamError): never {
  throw new WitError(payload);
}

/** The end of the other side, told from a mistake of ours. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

/** A transfer that broke off: `detail` says why in the terms of its package. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  constructor(
    message: string,
    readonly detail?: unknown,
  ) {
    super(message);
  }
}

function streaming<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ClosedError) return fail({ tag: 'closed' });
    if (error instanceof TransferError) {
      return fail({ tag: 'last-operation-failed', val: new IoError(error.message, error.detail) });
    }
    throw error;
  }
}
