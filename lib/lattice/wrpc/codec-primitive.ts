import type { Codec, Decoder, Encoder } from './coding';
import { mismatch } from './mismatch';
import type { PrimitiveKind } from './types';

interface Basic {
  encode(out: Encoder, value: unknown): void;
  decode(input: Decoder): unknown;
  minBytes?: number;
  memory?: number;
}

/** An integer in `[min, max]`; anything else is refused rather than wrapped. */
function integer(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw mismatch(what, value);
}

/** A bigint in range; a safe integer number is taken too. */
function big(value: unknown, what: string, min: bigint, max: bigint): bigint {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof whole === 'bigint' && whole >= min && whole <= max) return whole;
  throw mismatch(what, value);
}

const maxU64 = 2n ** 64n - 1n;
const maxS64 = 2n ** 63n - 1n;

const primitives: Record<PrimitiveKind, Basic> = {
  bool: {
    encode(out, value) {
      if (typeof value !== 'boolean') throw mismatch('a boolean', value);
      out.byte(value ? 1 : 0);
    },
    decode(input) {
      const byte = input.byte();
      if (byte > 1) throw input.malformed(`boolean ${byte}`);
      return byte === 1;
    },
  },
  u8: {
    encode: (out, value) => out.byte(integer(value, 'u8', 0, 0xff)),
    decode: (input) => input.byte(),
  },
  s8: {
    encode: (out, value) => out.byte(integer(value, 's8', -0x80, 0x7f) & 0xff),
    decode: (input) => (input.byte() << 24) >> 24,
  },
  u16: {
    encode: (out, value) => out.unsigned(integer(value, 'u16', 0, 0xffff)),
    decode: (input) => input.unsigned(16),
  },
  u32: {
    encode: (out, value) => out.unsigned(integer(value, 'u32', 0, 0xffff_ffff)),
    decode: (input) => input.unsigned(32),
  },
  s16: {
    encode: (out, value) => out.signed(integer(value, 's16', -0x8000, 0x7fff)),
    decode: (input) => input.signed(16),
  },
  s32: {
    encode: (out, value) => out.signed(integer(value, 's32', -0x8000_0000, 0x7fff_ffff)),
    decode: (input) => input.signed(32),
  },
  u64: {
    encode: (out, value) => out.unsignedBig(big(value, 'u64', 0n, maxU64)),
    decode: (input) => input.unsigned64(),
    memory: 24,
  },
  s64: {
    encode: (out, value) => out.signedBig(big(value, 's64', -maxS64 - 1n, maxS64)),
    decode: (input) => input.signed64(),
    memory: 24,
  },
  f32: {
    encode(out, value) {
      if (typeof value !== 'number') throw mismatch('a number', value);
      out.float32(value);
    },
    decode: (input) => input.float32(),
    minBytes: 4,
    memory: 16,
  },
  f64: {
    encode(out, value) {
      if (typeof value !== 'number') throw mismatch('a number', value);
      out.float64(value);
    },
    decode: (input) => input.float64(),
    minBytes: 8,
    memory: 16,
  },
  char: {
    encode(out, value) {
      if (typeof value !== 'string' || !isScalar(value)) throw mismatch('one character', value);
      out.text(value);
    },
    decode(input) {
      const first = input.byte();
      input.position--;
      return input.text(first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
    },
    memory: 24,
  },
  string: {
    encode(out, value) {
      if (typeof value !== 'string') throw mismatch('a string', value);
      out.string(value);
    },
    decode(input) {
      const length = input.unsigned();
      // UTF-16 doubles text that is not Latin.
      input.charge(2 * Math.min(length, input.remaining));
      return input.text(length);
    },
    memory: 32,
  },
};

/** Whether text is exactly one Unicode scalar value: a code point that is no surrogate. */
function isScalar(text: string): boolean {
  const point = text.codePointAt(0);
  if (point === undefined || (point >= 0xd800 && point <= 0xdfff)) return false;
  return text.length === (point > 0xffff ? 2 : 1);
}

const complete = (basic: Basic): Codec => ({
  minBytes: 1,
  memory: 8,
  defers: false,
  nullable: false,
  ...basic,
});

const codecs = Object.fromEntries(
  Object.entries(primitives).map(([kind, basic]) => [kind, complete(basic)]),
) as Record<PrimitiveKind, Codec>;

export function compilePrimitive(kind: PrimitiveKind): Codec {
  return codecs[kind];
}

/** The array classes that lists of numbers are. */
const arrays = {
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
};

const bytes: Codec = complete({
  encode(out, value) {
    if (!(value instanceof Uint8Array)) throw mismatch('a Uint8Array', value);
    out.unsigned(value.length);
    out.bytes(value);
  },
  decode(input) {
    const length = input.unsigned();
    input.charge(Math.min(length, input.remaining));
    return input.bytes(length);
  },
  memory: 128,
});

/** Arrays are told by name: test runners give a program's own code other classes than Node's. */
function isList(value: unknown, name: string): value is ArrayLike<unknown> {
  return (
    Array.isArray(value) || (ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === name)
  );
}

/** The codec of a list of numbers, or undefined for any other element. */
export function compileNumberList(kind: string): Codec | undefined {
  if (kind === 'u8') return bytes;
  if (!(kind in arrays)) return undefined;
  const List = arrays[kind as keyof typeof arrays];
  const element = codecs[kind as PrimitiveKind];
  return complete({
    encode(out, value) {
      if (!isList(value, List.name)) throw mismatch(`a ${List.name}`, value);
      out.unsigned(value.length);
      for (let at = 0; at < value.length; at++) element.encode(out, value[at], '');
    },
    decode(input) {
      const count = input.unsigned();
      input.expect(count * element.minBytes);
      input.charge(count * List.BYTES_PER_ELEMENT);
      const list = new List(count);
      for (let at = 0; at < count; at++) list[at] = element.decode(input, '') as never;
      return list;
    },
    memory: 128,
  });
}
