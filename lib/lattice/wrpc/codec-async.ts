import type { ByteChannel } from './channel';
import { type ByteSink, type Codec, Decoder, Encoder, type Limits } from './coding';
import { NeedMoreBytes } from './bytes';
import { WrpcError } from './errors';
import { mismatch } from './mismatch';

/** The codec of `stream` and `future`: a marker in the value that contains them, the content on a channel. */
export function compileAsync(kind: 'stream' | 'future', isBytes: boolean, element: Codec): Codec {
  if (element.defers) {
    throw new WrpcError(
      'InvalidArgument',
      `A ${kind} of streams or futures cannot travel over NATS`,
      'Return a list of them instead',
    );
  }
  const base = { minBytes: 1, memory: 512, defers: true, nullable: false };
  if (kind === 'future') return { ...base, ...futureOf(element) };
  return { ...base, ...(isBytes ? streamOfBytes : streamOf(element)) };
}

type Both = Pick<Codec, 'encode' | 'decode'>;

function futureOf(element: Codec): Both {
  return {
    encode(out, value, path) {
      const promise = promiseOf(value);
      out.byte(0);
      out.deferred.push({
        path,
        async send(sink) {
          const item = new Encoder();
          element.encode(item, await promise, '');
          await sink(item.take());
        },
      });
    },
    decode(input, path) {
      const known = input.byte();
      if (known > 1) throw input.malformed(`future tag ${known}`);
      const promise = known
        ? Promise.resolve(element.decode(input, ''))
        : readWhole(input.open(path), element, input.limits);
      promise.catch(() => undefined);
      return promise;
    },
  };
}

/** What a future will be: given as a promise, as a function that gives one, or known already. */
export function promiseOf(future: unknown): Promise<unknown> {
  const promise = Promise.resolve(typeof future === 'function' ? (future as () => unknown)() : future);
  // It is awaited only after the value around it was sent, and must not count as unhandled before.
  promise.catch(() => undefined);
  return promise;
}

function streamOf(element: Codec): Both {
  return {
    encode(out, value, path) {
      const source = iterable(value);
      out.byte(0);
      out.deferred.push({
        path,
        async send(sink) {
          const item = new Encoder();
          for await (const next of source) {
            item.byte(1);
            element.encode(item, next, '');
            await sink(item.take());
          }
          await sink(Uint8Array.of(0));
        },
      });
    },
    decode(input, path) {
      const count = input.unsigned();
      if (count === 0) return readItems(input.open(path), element, input.limits);
      input.expect(count * element.minBytes);
      input.charge(count * (8 + element.memory));
      return inline(Array.from({ length: count }, () => element.decode(input, '')));
    },
  };
}

const streamOfBytes: Both = {
  encode(out, value, path) {
    const source = value instanceof Uint8Array ? [value] : iterable(value);
    out.byte(0);
    out.deferred.push({ path, send: (sink) => sendBytes(source, sink) });
  },
  decode(input, path) {
    const count = input.unsigned();
    if (count === 0) return readBytes(input.open(path));
    input.charge(Math.min(count, input.remaining));
    return inline([input.bytes(count)]);
  },
};

async function sendBytes(source: AsyncIterable<unknown> | Iterable<unknown>, sink: ByteSink): Promise<void> {
  const head = new Encoder();
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) throw mismatch('a stream of Uint8Array', chunk);
    if (chunk.length === 0) continue; // An empty chunk would be the end.
    head.unsigned(chunk.length);
    head.bytes(chunk);
    await sink(head.take());
  }
  await sink(Uint8Array.of(0));
}

function iterable(value: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  if (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  ) {
    return value as AsyncIterable<unknown>;
  }
  throw mismatch('an async iterable', value);
}

async function* inline<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const incomplete = (): WrpcError =>
  new WrpcError('Incomplete', 'The peer ended a stream or a future before it was complete');

/** A `stream<u8>` as it arrives: pieces of its chunks, without waiting for whole ones. */
async function* readBytes(channel: ByteChannel): AsyncGenerator<Uint8Array> {
  let left = 0; // Bytes of the current chunk that did not arrive yet.
  let head = 0; // Its length, while the length itself is arriving.
  let scale = 1;
  try {
    for (let piece = await channel.read(); piece; piece = await channel.read()) {
      let at = 0;
      while (at < piece.length) {
        if (left > 0) {
          const end = Math.min(piece.length, at + left);
          left -= end - at;
          yield piece.slice(at, end);
          at = end;
          continue;
        }
        const byte = piece[at++] as number;
        head += (byte & 0x7f) * scale;
        scale *= 128;
        if (head > 0xffff_ffff || scale > 2 ** 35) {
          throw new WrpcError('Malformed', 'A chunk of a stream says that it has 4 GiB or more');
        }
        if (byte & 0x80) continue;
        if (head === 0) return;
        left = head;
        head = 0;
        scale = 1;
      }
    }
    throw incomplete();
  } finally {
    channel.cancel();
  }
}

/** Failed attempts to decode an item may cost this many times its size before the peer is taken for hostile. */
const maxRework = 64;

/** The items of any other stream, as soon as each is whole. */
async function* readItems(channel: ByteChannel, element: Codec, limits: Limits): AsyncGenerator<unknown> {
  let held = Buffer.alloc(0);
  let left = 0; // Items of the current chunk that were not decoded yet.
  let rework = 0;
  try {
    for (let piece = await channel.read(); piece; piece = await channel.read()) {
      held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
      if (held.length > limits.maxValueBytes)
        throw new WrpcError('TooLarge', 'An item of a stream is too large');
      const input = new Decoder(held, limits, nothingDeferred);
      let whole = 0; // Everything before is decoded.
      try {
        while (input.remaining > 0) {
          if (left === 0) {
            left = input.unsigned();
            if (left === 0) return;
            whole = input.position;
          }
          const item = element.decode(input, '');
          left--;
          whole = input.position;
          rework = 0;
          yield item;
        }
      } catch (error) {
        if (!(error instanceof NeedMoreBytes)) throw error;
        rework += held.length;
        if (rework > maxRework * (held.length + 65_536)) {
          throw new WrpcError('Malformed', 'An item of a stream arrives in too small pieces');
        }
      }
      held = held.subarray(whole);
    }
    throw incomplete();
  } finally {
    channel.cancel();
  }
}

async function readWhole(channel: ByteChannel, element: Codec, limits: Limits): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for (let piece = await channel.read(); piece; piece = await channel.read()) {
      pieces.push(piece);
      size += piece.length;
      if (size > limits.maxValueBytes) throw new WrpcError('TooLarge', 'A future is too large');
    }
  } finally {
    channel.cancel();
  }
  const input = new Decoder(Buffer.concat(pieces), limits, nothingDeferred);
  const value = element.decode(input, '');
  if (input.remaining > 0) throw input.malformed('bytes after the value of a future');
  return value;
}

function nothingDeferred(): never {
  throw new WrpcError('Malformed', 'A deferred value inside a deferred value');
}
