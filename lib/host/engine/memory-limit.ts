import { TerminalError } from '../../base/errors';

const pageBytes = 65_536;
/** Elements that a table may grow to where the module sets no lower maximum: tables live outside of linear memory. */
const maxTableElements = 1_000_000;

/** Sections of a core module that declare something with limits. */
const tableSection = 4;
const memorySection = 5;

/**
 * A core module whose memories and tables can grow no further than the limit; anything in it that is above the limit from the start is
 * an error, anything below is kept.
 * @throws TerminalError `MemoryLimitTooLow` or `InvalidComponent`.
 */
export function limitMemory(module: Uint8Array, memoryBytes: number): Uint8Array {
  const pages = Math.floor(memoryBytes / pageBytes);
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  const reader = new Reader(module, 8);
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.offset + size;
    if (end > module.length) throw invalid(`section ${id} ends behind the file`);
    if (id === tableSection || id === memorySection) {
      const content = new Writer();
      const count = reader.unsigned();
      content.unsigned(count);
      for (let i = 0; i < count; i++) {
        if (id === tableSection) limitTable(reader, content);
        else limitOne(reader, content, pages);
      }
      parts.push(Uint8Array.of(id, ...unsigned(content.bytes.length)), Uint8Array.from(content.bytes));
    } else {
      parts.push(module.subarray(start, end));
    }
    reader.offset = end;
  }
  return Buffer.concat(parts);
}

/** Copies a table's type; a table with an initialiser (0x40 0x00) keeps its own maximum, as its expression is of unknown length. */
function limitTable(reader: Reader, out: Writer): void {
  const type = reader.byte();
  if (type === 0x40 || type === 0x63 || type === 0x64) {
    throw invalid('tables of typed references are not supported');
  }
  out.bytes.push(type);
  const { flags, min, max } = limits(reader);
  if (min > maxTableElements) throw invalid(`a table starts with ${min} elements, above ${maxTableElements}`);
  out.bytes.push(flags | 1);
  out.unsigned(min);
  out.unsigned(Math.min(max ?? maxTableElements, maxTableElements));
}

function limitOne(reader: Reader, out: Writer, pages: number): void {
  const { flags, min, max } = limits(reader);
  if ((flags & ~1) !== 0) throw invalid('shared and 64-bit memories are not supported');
  if (min > pages) {
    throw new TerminalError(
      'MemoryLimitTooLow',
      `The component starts with ${min * pageBytes} bytes of memory, above spec.limits.memory of ${pages * pageBytes}`,
      'Raise spec.limits.memory',
    );
  }
  out.bytes.push(1);
  out.unsigned(min);
  out.unsigned(Math.min(max ?? pages, pages));
}

function limits(reader: Reader): { flags: number; min: number; max: number | undefined } {
  const flags = reader.byte();
  const min = reader.unsigned();
  return { flags, min, max: (flags & 1) === 1 ? reader.unsigned() : undefined };
}

class Reader {
  constructor(
    private readonly data: Uint8Array,
    public offset: number,
  ) {}

  get done(): boolean {
    return this.offset >= this.data.length;
  }

  byte(): number {
    const value = this.data[this.offset++];
    if (value === undefined) throw invalid('the file ends in the middle of a section');
    return value;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalid('a number is too long');
  }
}

class Writer {
  readonly bytes: number[] = [];

  unsigned(value: number): void {
    this.bytes.push(...unsigned(value));
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

function invalid(what: string): TerminalError {
  return new TerminalError(
    'InvalidComponent',
    `The component has a core module that cannot run: ${what}`,
    'Build it again with a current toolchain',
  );
}
