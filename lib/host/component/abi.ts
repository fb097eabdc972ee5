import { isWitError } from '../engine/engine';
import { Trap } from './errors';
import type { Handles } from './handles';
import type { ResourceBinding } from './resources';
import type { ComponentState } from './state';

/** Methods of Node's buffers that go to their encoding without looking at arguments. */
interface RawBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
  utf8Write(text: string, offset: number, length: number): number;
  latin1Write(text: string, offset: number, length: number): number;
  ucs2Write(text: string, offset: number, length: number): number;
}

/** Of ECMAScript 2024, which Node 24 has. */
type WellFormed = string & { isWellFormed(): boolean; toWellFormed(): string };

type NumberArray = ArrayLike<number | bigint> & {
  readonly byteOffset: number;
  set(values: ArrayLike<number> | ArrayLike<bigint>): void;
};
interface NumberArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset?: number, length?: number): NumberArray;
}

/** In this length and below a loop beats the call into the buffer's own encoder (measured on Node 24). */
const SHORT_READ = 8;
const SHORT_WRITE = 32;
/** Of a length of latin1+utf16: set for UTF-16. */
const UTF16_TAG = 0x8000_0000;
/** The least that one call may lift; beyond it the bound is twice the guest's memory. */
const MIN_LIFTED_BYTES = 16 << 20;
/** What one item of a list is counted as: about what it takes in the host's heap. */
const ITEM_BYTES = 8;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const nothing = new Uint8Array(0);

/**
 * What generated functions work with: one guest's memory, allocator and handles.
 *
 * Values are copied in both directions, so that neither side sees the other's later writes. The memory's views are taken anew whenever
 * it has grown, which detaches the old ones: their length is then zero.
 */
export class Abi {
  bytes: Uint8Array = nothing;
  view = new DataView(nothing.buffer);
  /** Elements or code units of the string or list that was lowered last. */
  length = 0;
  private buffer = Buffer.from(nothing.buffer) as RawBuffer;
  private lifted = 0;

  constructor(
    readonly state: ComponentState,
    readonly handles: Handles,
    /** By resource id. */
    readonly resources: readonly ResourceBinding[],
    private readonly memory: WebAssembly.Memory | undefined,
    private readonly realloc:
      ((old: number, oldSize: number, align: number, size: number) => number) | undefined,
  ) {}

  refresh(): void {
    if (this.memory === undefined) return;
    const { buffer } = this.memory;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.buffer = Buffer.from(buffer) as RawBuffer;
  }

  /** Starts a new count of what a guest makes the host copy: many strings of a list may be one and the same in its memory. */
  startLifting(): void {
    this.lifted = 0;
  }

  /** Memory of the guest's, from its own allocator. */
  allocate(size: number, align: number): number {
    const { realloc, state } = this;
    if (realloc === undefined) throw new Trap('guest has no allocator');
    state.mayLeave = false;
    const pointer = realloc(0, 0, align, size) >>> 0;
    state.mayLeave = state.instance.dead === undefined;
    if (this.bytes.length === 0) this.refresh();
    return this.range(pointer, size, align);
  }

  /** An address from the guest at which so many bytes lie. */
  range(pointer: number, size: number, align: number): number {
    const address = pointer >>> 0;
    if ((address & (align - 1)) !== 0) throw new Trap(`address ${address} is not aligned to ${align}`);
    if (address + size > this.bytes.length) {
      throw new Trap(`${size} bytes at ${address} reach out of memory`);
    }
    return address;
  }

  /** Checks a list before its items are lifted. */
  items(pointer: number, count: number, size: number, align: number): void {
    this.count(count * ITEM_BYTES);
    this.range(pointer, count * size, align);
  }

  numbers(array: NumberArrayClass, pointer: number, count: number): NumberArray {
    const size = count * array.BYTES_PER_ELEMENT;
    this.count(size);
    const start = this.range(pointer, size, array.BYTES_PER_ELEMENT);
    const copy = this.bytes.slice(start, start + size);
    // A small copy of bytes lies in V8's own heap; its buffer would be made only by asking for it.
    return copy instanceof array ? copy : new array(copy.buffer);
  }

  /** @param check tells what a number of this type is, and throws for what is none. */
  storeNumbers(array: NumberArrayClass, value: unknown, check: (each: unknown) => number | bigint): number {
    const isTyped = value instanceof (array as unknown as new () => unknown);
    if (!isTyped && !Array.isArray(value) && !ArrayBuffer.isView(value))
      throw new Trap(`expected a list, not ${typeof value}`);
    const items = isTyped ? (value as ArrayLike<number>) : Array.from(value as ArrayLike<unknown>, check);
    const pointer = this.allocate(items.length * array.BYTES_PER_ELEMENT, array.BYTES_PER_ELEMENT);
    new array(this.bytes.buffer as ArrayBuffer, pointer, items.length).set(items as ArrayLike<number>);
    this.length = items.length;
    return pointer;
  }

  utf8(pointer: number, count: number): string {
    if (count <= SHORT_READ) {
      this.range(pointer, count, 1);
      let text = '';
      for (let index = pointer; index < pointer + count; index++) {
        const byte = this.bytes[index] ?? 0;
        if (byte > 0x7f) return this.longUtf8(pointer, count);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.longUtf8(pointer, count);
  }

  utf16(pointer: number, count: number): string {
    this.count(count * 2);
    const start = this.range(pointer, count * 2, 2);
    const text = this.buffer.ucs2Slice(start, start + count * 2);
    if (!(text as WellFormed).isWellFormed()) throw new Trap('string is not UTF-16');
    return text;
  }

  latin1OrUtf16(pointer: number, count: number): string {
    if (count >= UTF16_TAG) return this.utf16(pointer, count - UTF16_TAG);
    this.count(count);
    const start = this.range(pointer, count, 2);
    return this.buffer.latin1Slice(start, start + count);
  }

  storeUtf8(value: unknown): number {
    const text = stringOf(value);
    if (text.length <= SHORT_WRITE && isAscii(text)) {
      const pointer = this.allocate(text.length, 1);
      for (let index = 0; index < text.length; index++) this.bytes[pointer + index] = text.charCodeAt(index);
      this.length = text.length;
      return pointer;
    }
    const size = Buffer.byteLength(text);
    const pointer = this.allocate(size, 1);
    this.buffer.utf8Write(text, pointer, size);
    this.length = size;
    return pointer;
  }

  storeUtf16(value: unknown): number {
    const text = (stringOf(value) as WellFormed).toWellFormed();
    const pointer = this.allocate(text.length * 2, 2);
    this.buffer.ucs2Write(text, pointer, text.length * 2);
    this.length = text.length;
    return pointer;
  }

  storeLatin1OrUtf16(value: unknown): number {
    const text = stringOf(value);

    if (!/^[\0-\xff]*$/.test(text)) {
      const pointer = this.storeUtf16(text);
      this.length = (this.length | UTF16_TAG) >>> 0;
      return pointer;
    }
    const pointer = this.allocate(text.length, 2);
    this.buffer.latin1Write(text, pointer, text.length);
    this.length = text.length;
    return pointer;
  }

  /** Lets the guest free what a result was stored in. */
  cleanUp(postReturn: (...flat: unknown[]) => void, flat: unknown): void {
    this.state.mayLeave = false;
    postReturn(flat);
    this.state.mayLeave = this.state.instance.dead === undefined;
  }

  /** The answer of a host function that is still to come. `ok` and `err` lower it; without `err` its type has no error case. */
  settle(
    promise: Promise<unknown>,
    where: string,
    out: number,
    ok: (value: unknown, out: number) => unknown,
    err: ((payload: unknown, out: number) => unknown) | undefined,
  ): Promise<unknown> {
    const resume = (lower: () => unknown): unknown => {
      try {
        if (this.state.instance.dead !== undefined) throw this.state.instance.dead;
        if (this.bytes.length === 0) this.refresh();
        return lower();
      } catch (error) {
        throw this.state.instance.trap(error, where);
      }
    };
    return promise.then(
      (value) => resume(() => ok(value, out)),
      (error: unknown) =>
        resume(() => {
          if (err === undefined) throw error;
          return err(payloadOf(error), out);
        }),
    );
  }

  private longUtf8(pointer: number, count: number): string {
    this.count(count);
    const start = this.range(pointer, count, 1);
    const text = this.buffer.utf8Slice(start, start + count);
    // The replacement character is either the guest's own or stands for bytes that are not UTF-8.
    if (text.includes('\ufffd')) {
      try {
        strictUtf8.decode(this.bytes.subarray(start, start + count));
      } catch (cause) {
        throw new Trap('string is not UTF-8', undefined, { cause });
      }
    }
    return text;
  }

  private count(bytes: number): void {
    this.lifted += bytes;
    if (this.lifted > MIN_LIFTED_BYTES && this.lifted > 2 * this.bytes.length) {
      throw new Trap(
        `guest passed more than ${Math.max(MIN_LIFTED_BYTES, 2 * this.bytes.length)} bytes in one call`,
      );
    }
  }
}

/** The error case that a host function threw; anything else it throws is the host's failure. */
export function payloadOf(error: unknown): unknown {
  if (isWitError(error)) return error.payload;
  throw error;
}

function stringOf(value: unknown): string {
  if (typeof value !== 'string') throw new Trap(`expected a string, not ${typeof value}`);
  return value;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
