import { TerminalError } from '../../base/errors';
import { refuseCollected } from './core-types';
import { InvalidComponent } from './errors';
import { Reader } from './reader';

const PAGE_BYTES = 65_536;
/** Elements of all tables together: they live outside of linear memory. */
const MAX_TABLE_ELEMENTS = 2_000_000;
const MAX_MEMORIES = 32;

const TYPE_SECTION = 1;
const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const START_SECTION = 8;

/** Under which a module exports what was its start function. */
export const START = 'kasmcloud:start';
const startName = [START.length, ...Buffer.from(START)];

/** A core module within the bytes of its component. */
export interface ModuleRange {
  readonly start: number;
  readonly end: number;
}

/** What a component may take outside of the host's heap, divided among all that it defines. */
export interface CoreLimits {
  readonly memoryPages: number;
  readonly tableElements: number;
}

/**
 * Divides the memory limit of a component.
 * @param modules the module of each core instance, so that one that is instantiated twice counts twice.
 */
export function divideLimits(
  bytes: Uint8Array,
  modules: readonly ModuleRange[],
  memoryBytes: number,
): CoreLimits {
  let memories = 0;
  let tables = 0;
  const counts = new Map<ModuleRange, { memories: number; tables: number }>();
  for (const module of modules) {
    const known = counts.get(module) ?? countLimited(bytes, module);
    counts.set(module, known);
    memories += known.memories;
    tables += known.tables;
  }
  if (memories > MAX_MEMORIES) throw new InvalidComponent(`more than ${MAX_MEMORIES} memories`, 0);
  return {
    memoryPages: Math.floor(memoryBytes / PAGE_BYTES / Math.max(1, memories)),
    tableElements: Math.floor(MAX_TABLE_ELEMENTS / Math.max(1, tables)),
  };
}

/**
 * The module as it is compiled: with maxima on its memories and tables, where what it sets lower itself is kept; and with its start
 * function as an export, {@link START}, so that it can be called in a way that lets it wait for the host.
 * @throws TerminalError `MemoryLimitTooLow` for a memory that starts above the limit.
 * @throws InvalidComponent for a table that does, and for kinds of memories, tables and types that are not supported.
 */
export function rewriteModule(bytes: Uint8Array, range: ModuleRange, limits: CoreLimits): Uint8Array {
  const all = [...sections(bytes, range)];
  const start = all.find(({ id }) => id === START_SECTION);
  const exports = all.find(({ id }) => id === EXPORT_SECTION);
  const entry = start && [...startName, 0x00, ...unsigned(start.content.u32())];
  const parts: Uint8Array[] = [bytes.subarray(range.start, range.start + 8)];
  const push = (id: number, ...content: Uint8Array[]): void => {
    const size = content.reduce((sum, { length }) => sum + length, 0);
    parts.push(Uint8Array.of(id, ...unsigned(size)), ...content);
  };
  for (const section of all) {
    const { id, content } = section;
    if (id === TYPE_SECTION) refuseCollected(new Reader(bytes, content.offset, content.end));
    if (id === TABLE_SECTION || id === MEMORY_SECTION) {
      const types = content.vector(() => limitType(content, id, limits));
      push(id, Uint8Array.of(...unsigned(types.length)), Uint8Array.from(types.flat()));
    } else if (section === exports && entry !== undefined) {
      const count = content.u32() + 1;
      const others = bytes.subarray(content.offset, content.end);
      push(id, Uint8Array.of(...unsigned(count)), others, Uint8Array.from(entry));
    } else if (section !== start || entry === undefined) {
      parts.push(bytes.subarray(section.start, content.end));
    } else if (exports === undefined) {
      push(EXPORT_SECTION, Uint8Array.of(1, ...entry));
    }
  }
  return Buffer.concat(parts);
}

function countLimited(bytes: Uint8Array, range: ModuleRange): { memories: number; tables: number } {
  const count = { memories: 0, tables: 0 };
  for (const { id, content } of sections(bytes, range)) {
    if (id === MEMORY_SECTION) count.memories += content.u32();
    else if (id === TABLE_SECTION) count.tables += content.u32();
  }
  return count;
}

function* sections(bytes: Uint8Array, { start, end }: ModuleRange) {
  const reader = new Reader(bytes, start, end);
  reader.range(8);
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.byte();
    yield { id, start, content: reader.range(reader.u32()) };
  }
}

function limitType(reader: Reader, section: number, limits: CoreLimits): number[] {
  const start = reader.offset;
  const element = section === TABLE_SECTION ? [reader.byte()] : [];
  if (element.some((type) => type !== 0x70 && type !== 0x6f)) {
    reader.fail('only tables of functions and of external references are supported', start);
  }
  const flags = reader.byte();
  if ((flags & ~1) !== 0) reader.fail('shared and 64-bit memories and tables are not supported', start);
  const min = reader.u64();
  const max = flags === 1 ? reader.u64() : Infinity;
  const limit = section === TABLE_SECTION ? limits.tableElements : limits.memoryPages;
  if (min > limit) {
    if (section === TABLE_SECTION) reader.fail(`a table starts with ${min} elements, above ${limit}`, start);
    throw new TerminalError(
      'MemoryLimitTooLow',
      `The component starts with ${min * PAGE_BYTES} bytes of memory, above its limit of ${limit * PAGE_BYTES}`,
      'Raise spec.limits.memory',
    );
  }
  return [...element, 1, ...unsigned(min), ...unsigned(Math.min(max, limit))];
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
