import type { ValType } from '../../../lib/host/component';
import type { CoreType } from './wasm-writer';

/**
 * The canonical ABI once more, slowly: interpreted straight from the words of its specification and sharing nothing with the compiled
 * one, so that a mistake of both directions at once is found as well.
 */

export type StringEncoding = 'utf8' | 'utf16' | 'latin1+utf16';

type Cases = readonly (readonly [string, ValType | undefined])[];

/** Everything that despecialises to a variant, as one. */
export function cases(type: ValType): Cases | undefined {
  switch (type.kind) {
    case 'variant':
      return type.cases.map((each) => [each.name, each.type]);
    case 'enum':
      return type.labels.map((label) => [label, undefined]);
    case 'option':
      return [
        ['none', undefined],
        ['some', type.element],
      ];
    case 'result':
      return [
        ['ok', type.ok],
        ['err', type.err],
      ];
    default:
      return undefined;
  }
}

export const fields = (type: ValType): readonly ValType[] =>
  type.kind === 'record'
    ? type.fields.map((field) => field.type)
    : type.kind === 'tuple'
      ? type.elements
      : [];

const scalars: Partial<Record<ValType['kind'], readonly [number, CoreType]>> = {
  bool: [1, 'i32'],
  s8: [1, 'i32'],
  u8: [1, 'i32'],
  s16: [2, 'i32'],
  u16: [2, 'i32'],
  s32: [4, 'i32'],
  u32: [4, 'i32'],
  s64: [8, 'i64'],
  u64: [8, 'i64'],
  f32: [4, 'f32'],
  f64: [8, 'f64'],
  char: [4, 'i32'],
};

export const discriminant = (count: number): number => (count <= 256 ? 1 : count <= 65536 ? 2 : 4);
export const alignUp = (offset: number, to: number): number => Math.floor((offset + to - 1) / to) * to;

export function alignment(type: ValType): number {
  const scalar = scalars[type.kind];
  if (scalar !== undefined) return scalar[0];
  if (type.kind === 'flags') return size(type);
  const variant = cases(type);
  if (variant !== undefined) {
    return Math.max(discriminant(variant.length), ...variant.map(([, each]) => (each ? alignment(each) : 1)));
  }
  if (type.kind === 'string' || type.kind === 'list') return 4;
  return Math.max(1, ...fields(type).map(alignment));
}

export function size(type: ValType): number {
  const scalar = scalars[type.kind];
  if (scalar !== undefined) return scalar[0];
  if (type.kind === 'flags') return type.labels.length <= 8 ? 1 : type.labels.length <= 16 ? 2 : 4;
  if (type.kind === 'string' || type.kind === 'list') return 8;
  const variant = cases(type);
  if (variant !== undefined) {
    const payload = Math.max(0, ...variant.map(([, each]) => (each ? size(each) : 0)));
    return alignUp(payloadOffset(variant) + payload, alignment(type));
  }
  let end = 0;
  for (const each of fields(type)) end = alignUp(end, alignment(each)) + size(each);
  return alignUp(end, alignment(type));
}

export function payloadOffset(variant: Cases): number {
  const align = Math.max(1, ...variant.map(([, each]) => (each ? alignment(each) : 1)));
  return alignUp(discriminant(variant.length), align);
}

export function flat(type: ValType): CoreType[] {
  const scalar = scalars[type.kind];
  if (scalar !== undefined) return [scalar[1]];
  if (type.kind === 'flags') return ['i32'];
  if (type.kind === 'string' || type.kind === 'list') return ['i32', 'i32'];
  const variant = cases(type);
  if (variant === undefined) return fields(type).flatMap(flat);
  const joined: CoreType[] = [];
  for (const [, each] of variant) {
    (each ? flat(each) : []).forEach((core, index) => {
      const other = joined[index];
      if (other === undefined || other === core) joined[index] = core;
      else joined[index] = [other, core].every((one) => one === 'i32' || one === 'f32') ? 'i32' : 'i64';
    });
  }
  return ['i32', ...joined];
}

/** Where a reader finds things. */
export interface Guest {
  readonly memory: DataView;
  readonly encoding: StringEncoding;
}

export function load(guest: Guest, type: ValType, at: number): unknown {
  const { memory } = guest;
  const integer = (bytes: number): number =>
    bytes === 1 ? memory.getUint8(at) : bytes === 2 ? memory.getUint16(at, true) : memory.getUint32(at, true);
  const variant = cases(type);
  if (variant !== undefined) {
    const index = integer(discriminant(variant.length));
    const payload = variant[index]?.[1];
    return chosen(type, variant, index, payload && load(guest, payload, at + payloadOffset(variant)));
  }
  switch (type.kind) {
    case 'bool':
      return memory.getUint8(at) !== 0;
    case 's8':
      return memory.getInt8(at);
    case 's16':
      return memory.getInt16(at, true);
    case 's32':
      return memory.getInt32(at, true);
    case 's64':
      return memory.getBigInt64(at, true);
    case 'u64':
      return memory.getBigUint64(at, true);
    case 'f32':
      return memory.getFloat32(at, true);
    case 'f64':
      return memory.getFloat64(at, true);
    case 'char':
      return String.fromCodePoint(integer(4));
    case 'string':
      return text(guest, memory.getUint32(at, true), memory.getUint32(at + 4, true));
    case 'list':
      return list(guest, type.element, memory.getUint32(at, true), memory.getUint32(at + 4, true));
    case 'flags':
      return bits(type.labels, integer(size(type)));
    case 'record':
    case 'tuple': {
      let offset = at;
      const values = fields(type).map((each) => {
        offset = alignUp(offset, alignment(each));
        const value = load(guest, each, offset);
        offset += size(each);
        return value;
      });
      return type.kind === 'tuple'
        ? values
        : record(
            type.fields.map((field) => field.name),
            values,
          );
    }
    default:
      return integer(size(type));
  }
}

export type FlatValue = { readonly type: CoreType; readonly bits: bigint };

/** Lifts from what a core function was given; each value as the bits of its type. */
export function liftFlat(guest: Guest, type: ValType, values: FlatValue[]): unknown {
  const variant = cases(type);
  if (variant !== undefined) {
    const index = Number(take(values, 'i32'));
    const rest = values.splice(0, flat(type).length - 1);
    const payload = variant[index]?.[1];
    return chosen(type, variant, index, payload && liftFlat(guest, payload, rest));
  }
  switch (type.kind) {
    case 'record':
      return record(
        type.fields.map((field) => field.name),
        type.fields.map((field) => liftFlat(guest, field.type, values)),
      );
    case 'tuple':
      return type.elements.map((each) => liftFlat(guest, each, values));
    case 'string':
      return text(guest, Number(take(values, 'i32')), Number(take(values, 'i32')));
    case 'list':
      return list(guest, type.element, Number(take(values, 'i32')), Number(take(values, 'i32')));
    default: {
      // A scalar lies in memory as the low bytes of its bits.
      const scratch = new DataView(new ArrayBuffer(8));
      scratch.setBigUint64(0, take(values, flat(type)[0] ?? 'i32'), true);
      return load({ ...guest, memory: scratch }, type, 0);
    }
  }
}

function take(values: FlatValue[], want: CoreType): bigint {
  const value = values.shift();
  if (value === undefined) throw new Error('no core value left');
  return want === 'i32' || want === 'f32' ? BigInt.asUintN(32, value.bits) : value.bits;
}

function text({ memory, encoding }: Guest, at: number, units: number): string {
  const decode = (label: string, length: number): string => {
    const bytes = new Uint8Array(memory.buffer, at, length);
    return label === 'latin1'
      ? [...bytes].map((byte) => String.fromCharCode(byte)).join('')
      : new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  };
  if (encoding === 'utf8') return decode('utf-8', units);
  if (encoding === 'utf16') return decode('utf-16le', units * 2);
  return units >= 0x8000_0000 ? decode('utf-16le', (units - 0x8000_0000) * 2) : decode('latin1', units);
}

function list(guest: Guest, element: ValType, at: number, count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => load(guest, element, at + index * size(element)));
}

export const camelCase = (label: string): string =>
  label.toLowerCase().replace(/-(.)/g, (_, first: string) => first.toUpperCase());
const record = (labels: readonly string[], values: readonly unknown[]): object =>
  Object.fromEntries(labels.map((label, index) => [camelCase(label), values[index]]));
const bits = (labels: readonly string[], value: number): object =>
  record(
    labels,
    labels.map((_, index) => ((value >>> index) & 1) === 1),
  );

/** How JavaScript says which case it is. */
function chosen(type: ValType, variant: Cases, index: number, value: unknown): unknown {
  const [tag, payload] = variant[index] ?? ['?', undefined];
  if (type.kind === 'enum') return tag;
  if (type.kind === 'option' && !ambiguous(type.element)) return index === 0 ? undefined : value;
  return payload === undefined ? { tag } : { tag, val: value };
}

/** Whether `undefined` is a value of the type. */
const ambiguous = (type: ValType): boolean => type.kind === 'option' && !ambiguous(type.element);
