import { Reader, Writer } from './bytes';
import type { ByteChannel } from './channel';

/** A value that follows the one that contains it, on a channel of its own. */
export interface Deferred {
  /** Where: indexes from the parameter or result inwards, e.g. `0.1`. */
  readonly path: string;
  /** Writes the value to its channel; the channel is ended afterwards. */
  send(sink: ByteSink): Promise<void>;
}

/** Where the bytes of a deferred value go; resolves when more may be written. */
export type ByteSink = (bytes: Uint8Array) => Promise<void>;

export class Encoder extends Writer {
  deferred: Deferred[] = [];
}

export class Decoder extends Reader {
  constructor(
    bytes: Uint8Array,
    readonly limits: Limits,
    /** Gives the channel of a deferred value. */
    readonly open: (path: string) => ByteChannel,
  ) {
    super(bytes, limits.maxDecodedBytes);
  }
}

/** Bounds on what a peer can make this process hold. */
export interface Limits {
  /** Encoded size of the parameters or the result of one call, and of one item of a stream. @default 64 MiB */
  readonly maxValueBytes: number;
  /** Estimated memory of one decoded value. @default 256 MiB */
  readonly maxDecodedBytes: number;
  /** Bytes of a stream that arrived and were not read yet; more fails the stream. @default 32 MiB */
  readonly maxStreamBytes: number;
}

export const defaultLimits: Limits = {
  maxValueBytes: 64 << 20,
  maxDecodedBytes: 256 << 20,
  maxStreamBytes: 32 << 20,
};

/** Encodes and decodes the values of one type. `path` is only followed where something is deferred. */
export interface Codec {
  encode(out: Encoder, value: unknown, path: string): void;
  decode(input: Decoder, path: string): unknown;
  /** The least number of bytes of a value; at least 1. */
  readonly minBytes: number;
  /** Memory of a decoded value without what its own lengths add, in bytes, estimated. */
  readonly memory: number;
  /** Whether a value can contain a stream or a future. */
  readonly defers: boolean;
  /** Whether `undefined` is a value. */
  readonly nullable: boolean;
}
