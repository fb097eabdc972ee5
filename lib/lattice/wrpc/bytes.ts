import { isUtf8 } from 'node:buffer';
import { WrpcError } from './errors';

const initialSize = 1024;
/** A writer that once held a large value gives its memory back. */
const keptSize = 1 << 20;

/** A growing buffer of encoded values: LEB128 integers, lengths, raw bytes, little-endian floats. */
export class Writer {
  private buffer = Buffer.allocUnsafeSlow(initialSize);
  private length = 0;

  private reserve(count: number): number {
    const start = this.length;
    if (start + count > this.buffer.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, start + count));
      bigger.set(this.buffer.subarray(0, start));
      this.buffer = bigger;
    }
    this.length = start + count;
    return start;
  }

  byte(value: number): void {
    const at = this.reserve(1); // First: it may replace the buffer.
    this.buffer[at] = value;
  }

  /** An unsigned integer below 2⁵³. */
  unsigned(value: number): void {
    while (value > 0x7fffffff) {
      this.byte((value % 128) | 0x80);
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      this.byte((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** A signed integer of at most 32 bits. */
  signed(value: number): void {
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      if ((value === 0 && !(low & 0x40)) || (value === -1 && low & 0x40)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  unsignedBig(value: bigint): void {
    while (value > 0xffff_ffff_ffffn) {
      this.byte(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    this.unsigned(Number(value));
  }

  signedBig(value: bigint): void {
    for (;;) {
      const low = Number(value & 0x7fn);
      value >>= 7n;
      if ((value === 0n && !(low & 0x40)) || (value === -1n && low & 0x40)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  float32(value: number): void {
    const at = this.reserve(4);
    this.buffer.writeFloatLE(value, at);
  }

  float64(value: number): void {
    const at = this.reserve(8);
    this.buffer.writeDoubleLE(value, at);
  }

  bytes(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
  }

  /** UTF-8 without a length. Unpaired surrogates become U+FFFD. */
  text(value: string): void {
    const at = this.reserve(Buffer.byteLength(value));
    this.buffer.write(value, at, 'utf8');
  }

  /** UTF-8 behind its length in bytes. */
  string(value: string): void {
    const size = Buffer.byteLength(value);
    this.unsigned(size);
    const at = this.reserve(size);
    this.buffer.write(value, at, 'utf8');
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.length);
    taken.set(this.buffer.subarray(0, this.length));
    this.clear();
    return taken;
  }

  clear(): void {
    this.length = 0;
    if (this.buffer.length > keptSize) this.buffer = Buffer.allocUnsafeSlow(initialSize);
  }
}

/** Thrown when the bytes end before the value does: more may be on the way. */
export class NeedMoreBytes extends WrpcError {
  constructor() {
    super('Incomplete', 'The bytes end before the value does');
  }
}

/** Reads encoded values. Every length is checked against what is there before anything is allocated for it. */
export class Reader {
  private readonly buffer: Buffer;
  position = 0;

  constructor(
    bytes: Uint8Array,
    /** How many bytes of memory decoded values may take, by estimate. */
    private allowance: number,
  ) {
    this.buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  /** Accounts for memory before it is allocated. */
  charge(bytes: number): void {
    this.allowance -= bytes;
    if (this.allowance < 0) {
      throw new WrpcError('TooLarge', 'A decoded value would take more memory than this process allows it');
    }
  }

  malformed(what: string): WrpcError {
    return new WrpcError('Malformed', `At byte ${this.position}: ${what}`);
  }

  /** @throws NeedMoreBytes unless `count` bytes are there. */
  expect(count: number): void {
    if (count > this.remaining) throw new NeedMoreBytes();
  }

  private advance(count: number): number {
    const start = this.position;
    if (count > this.buffer.length - start) throw new NeedMoreBytes();
    this.position = start + count;
    return start;
  }

  byte(): number {
    // The position was checked, so the byte is there.
    return this.buffer[this.advance(1)] as number;
  }

  /** An unsigned integer of at most `bits` (16 or 32). */
  unsigned(bits = 32): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (let more = first & 0x80; more; scale *= 128) {
      if (scale >= 2 ** bits) throw this.malformed(`an integer of more than ${bits} bits`);
      const next = this.byte();
      value += (next & 0x7f) * scale;
      more = next & 0x80;
    }
    if (value >= 2 ** bits) throw this.malformed(`an integer of more than ${bits} bits`);
    return value;
  }

  /** A signed integer of at most `bits` (16 or 32). */
  signed(bits: number): number {
    let value = 0;
    let scale = 1;
    let next: number;
    do {
      if (scale >= 2 ** bits) throw this.malformed(`an integer of more than ${bits} bits`);
      next = this.byte();
      value += (next & 0x7f) * scale;
      scale *= 128;
    } while (next & 0x80);
    if (next & 0x40) value -= scale;
    if (value < -(2 ** (bits - 1)) || value >= 2 ** (bits - 1)) {
      throw this.malformed(`an integer of more than ${bits} bits`);
    }
    return value;
  }

  unsigned64(): bigint {
    const { value } = this.groups();
    if (value >> 64n) throw this.malformed('an integer of more than 64 bits');
    return value;
  }

  signed64(): bigint {
    const { value, bits } = this.groups();
    const signed = BigInt.asIntN(bits, value);
    if (BigInt.asIntN(64, signed) !== signed) throw this.malformed('an integer of more than 64 bits');
    return signed;
  }

  /** Up to ten groups of seven bits. */
  private groups(): { value: bigint; bits: number } {
    let low = 0; // Seven groups are 49 bits, which a double holds.
    let high = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const next = this.byte();
      if (count === 7) scale = 1;
      if (count < 7) low += (next & 0x7f) * scale;
      else high += (next & 0x7f) * scale;
      scale *= 128;
      if (!(next & 0x80)) {
        const value = high === 0 ? BigInt(low) : BigInt(low) + (BigInt(high) << 49n);
        return { value, bits: (count + 1) * 7 };
      }
    }
    throw this.malformed('an integer of more than 64 bits');
  }

  float32(): number {
    return this.buffer.readFloatLE(this.advance(4));
  }

  float64(): number {
    return this.buffer.readDoubleLE(this.advance(8));
  }

  /** A copy of the next bytes. */
  bytes(count: number): Uint8Array {
    const start = this.advance(count);
    const copy = new Uint8Array(count); // `slice` of a Buffer would be a Buffer, and a view.
    copy.set(this.buffer.subarray(start, start + count));
    return copy;
  }

  /** The next bytes as text. */
  text(count: number): string {
    const start = this.advance(count);
    const value = this.buffer.toString('utf8', start, start + count);
    // Decoding puts U+FFFD in place of what is not UTF-8; only then is a closer look worth its cost.
    if (value.includes('\uFFFD') && !isUtf8(this.buffer.subarray(start, start + count))) {
      throw this.malformed('text that is not UTF-8');
    }
    return value;
  }
}
