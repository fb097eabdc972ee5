import type { ValType } from './types';

export type FlatType = 'i32' | 'i64' | 'f32' | 'f64';

/** How a type lies in linear memory and in the parameters of a core function. */
export interface Layout {
  readonly size: number;
  readonly align: number;
  /** Core values that it takes, at most {@link FLAT_BOUND} of them: more are never passed. */
  readonly flat: readonly FlatType[];
  /** Levels of types within it. */
  readonly depth: number;
  /** Whether it holds a string or list, and so needs memory of the guest's. */
  readonly dynamic: boolean;
}

/** One more than a function can take, so that a longer list still reads as too long. */
export const FLAT_BOUND = 17;

const layouts = new WeakMap<ValType, Layout>();

export function layoutOf(type: ValType): Layout {
  let layout = layouts.get(type);
  if (layout === undefined) layouts.set(type, (layout = compute(type)));
  return layout;
}

export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** Layout of values behind one another: a record, a tuple, parameters that are passed in memory. */
export function sequence(types: readonly ValType[]): Layout & { readonly offsets: readonly number[] } {
  let size = 0;
  let align = 1;
  let depth = 0;
  let dynamic = false;
  const flat: FlatType[] = [];
  const offsets: number[] = [];
  for (const type of types) {
    const layout = layoutOf(type);
    size = alignTo(size, layout.align);
    offsets.push(size);
    size += layout.size;
    align = Math.max(align, layout.align);
    depth = Math.max(depth, layout.depth);
    dynamic ||= layout.dynamic;
    if (flat.length < FLAT_BOUND) flat.push(...layout.flat);
  }
  return {
    size: alignTo(size, align),
    align,
    flat: flat.slice(0, FLAT_BOUND),
    depth: depth + 1,
    dynamic,
    offsets,
  };
}

/** Bytes of the discriminant of a variant with so many cases. */
export function discriminantSize(cases: number): 1 | 2 | 4 {
  return cases <= 0x100 ? 1 : cases <= 0x10000 ? 2 : 4;
}

/** Layout of one of several payloads behind a discriminant. */
export function union(types: readonly (ValType | undefined)[]): Layout & { readonly payload: number } {
  const discriminant = discriminantSize(types.length);
  let align: number = discriminant;
  let largest = 0;
  let payloadAlign = 1;
  let depth = 0;
  let dynamic = false;
  const flat: FlatType[] = [];
  for (const type of types) {
    if (type === undefined) continue;
    const layout = layoutOf(type);
    largest = Math.max(largest, layout.size);
    payloadAlign = Math.max(payloadAlign, layout.align);
    depth = Math.max(depth, layout.depth);
    dynamic ||= layout.dynamic;
    layout.flat.forEach((each, index) => {
      const other = flat[index];
      flat[index] = other === undefined ? each : join(other, each);
    });
  }
  align = Math.max(align, payloadAlign);
  const payload = alignTo(discriminant, payloadAlign);
  return {
    size: alignTo(payload + largest, align),
    align,
    flat: (['i32', ...flat] as FlatType[]).slice(0, FLAT_BOUND),
    depth: depth + 1,
    dynamic,
    payload,
  };
}

function join(a: FlatType, b: FlatType): FlatType {
  if (a === b) return a;
  return (a === 'i32' && b === 'f32') || (a === 'f32' && b === 'i32') ? 'i32' : 'i64';
}

/** The payloads of everything that is a variant by another name; `undefined` for other types. */
export function casesOf(type: ValType): readonly (ValType | undefined)[] | undefined {
  switch (type.kind) {
    case 'variant':
      return type.cases.map((each) => each.type);
    case 'enum':
      return type.labels.map(() => undefined);
    case 'option':
      return [undefined, type.element];
    case 'result':
      return [type.ok, type.err];
    default:
      return undefined;
  }
}

const scalar = (size: number, flat: FlatType): Layout => ({
  size,
  align: size,
  flat: [flat],
  depth: 1,
  dynamic: false,
});

function compute(type: ValType): Layout {
  switch (type.kind) {
    case 'bool':
    case 's8':
    case 'u8':
      return scalar(1, 'i32');
    case 's16':
    case 'u16':
      return scalar(2, 'i32');
    case 's32':
    case 'u32':
    case 'char':
    case 'own':
    case 'borrow':
      return scalar(4, 'i32');
    case 's64':
    case 'u64':
      return scalar(8, 'i64');
    case 'f32':
      return scalar(4, 'f32');
    case 'f64':
      return scalar(8, 'f64');
    case 'string':
      return { size: 8, align: 4, flat: ['i32', 'i32'], depth: 1, dynamic: true };
    case 'list':
      return {
        size: 8,
        align: 4,
        flat: ['i32', 'i32'],
        depth: layoutOf(type.element).depth + 1,
        dynamic: true,
      };
    case 'flags':
      return scalar(type.labels.length <= 8 ? 1 : type.labels.length <= 16 ? 2 : 4, 'i32');
    case 'record':
      return sequence(type.fields.map((field) => field.type));
    case 'tuple':
      return sequence(type.elements);
    case 'variant':
    case 'enum':
    case 'option':
    case 'result':
      return union(casesOf(type) ?? []);
  }
}
