import { InvalidComponent } from './errors';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Most bytes of one name; the longest in use (`[method]…`) are below a hundred. */
const MAX_NAME_BYTES = 1024;
/** Most entries of one vector. Each entry takes at least a byte, so the input bounds the work as well. */
const MAX_ENTRIES = 100_000;

/** Reads the primitives of the binary format from a range of bytes, and never past its end. */
export class Reader {
  constructor(
    readonly bytes: Uint8Array,
    /** Absolute position of the next byte. */
    public offset = 0,
    readonly end = bytes.length,
  ) {}

  get done(): boolean {
    return this.offset >= this.end;
  }

  fail(reason: string, offset = this.offset): never {
    throw new InvalidComponent(reason, offset);
  }

  byte(): number {
    if (this.offset >= this.end) this.fail('unexpected end');
    return this.bytes[this.offset++] ?? 0;
  }

  peek(): number {
    if (this.offset >= this.end) this.fail('unexpected end');
    return this.bytes[this.offset] ?? 0;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const start = this.offset;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.fail('integer is longer than 32 bits', start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('integer is longer than 32 bits', start);
  }

  /** Unsigned LEB128 of at most 64 bits; exact up to 2^53, which is beyond every limit it is compared with. */
  u64(): number {
    const start = this.offset;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('integer is longer than 64 bits', start);
  }

  /** The next `length` bytes as a reader of their own. */
  range(length: number): Reader {
    const start = this.offset;
    if (length > this.end - start) this.fail(`length ${length} reaches past the end`, start);
    this.offset = start + length;
    return new Reader(this.bytes, start, this.offset);
  }

  name(): string {
    const start = this.offset;
    const length = this.u32();
    if (length > MAX_NAME_BYTES) this.fail(`name of ${length} bytes is longer than ${MAX_NAME_BYTES}`, start);
    const { offset, end } = this.range(length);
    try {
      return utf8.decode(this.bytes.subarray(offset, end));
    } catch (cause) {
      throw new InvalidComponent('name is not UTF-8', offset, { cause });
    }
  }

  vector<T>(read: () => T): T[] {
    const start = this.offset;
    const count = this.u32();
    if (count > MAX_ENTRIES || count > this.end - this.offset) this.fail(`vector of ${count} entries`, start);
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  optional<T>(read: () => T): T | undefined {
    const present = this.byte();
    if (present > 1) this.fail(`presence flag ${present}`, this.offset - 1);
    return present === 1 ? read() : undefined;
  }
}
