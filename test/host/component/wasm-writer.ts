/** Bytes of core modules and components, written by hand: tests decide every byte, and need no tools. */

export type Bytes = readonly (number | Bytes)[];

export function flatten(bytes: Bytes): number[] {
  const out: number[] = [];
  const walk = (part: Bytes): void => {
    for (const each of part) {
      if (typeof each === 'number') out.push(each);
      else walk(each);
    }
  };
  walk(bytes);
  return out;
}

export function unsigned(value: number): number[] {
  const out: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    out.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return out;
}

/** The index of a type where a primitive may be as well: signed, so that the codes of those stay free. */
export function typeIndex(index: number): number[] {
  return signed(index);
}

/** Signed LEB128 of an i32: what `i32.const` takes. */
export function signed(value: number): number[] {
  const out: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) return [...out, low];
    out.push(low | 0x80);
  }
}

export const vector = (items: readonly Bytes[]): Bytes => [unsigned(items.length), items];
export const name = (text: string): Bytes => {
  const bytes = [...new TextEncoder().encode(text)];
  return [unsigned(bytes.length), bytes];
};
export const section = (id: number, content: Bytes): Bytes => {
  const bytes = flatten(content);
  return [id, unsigned(bytes.length), bytes];
};

const magic = [0x00, 0x61, 0x73, 0x6d];
export const component = (...sections: Bytes[]): Uint8Array =>
  Uint8Array.from(flatten([magic, 0x0d, 0x00, 0x01, 0x00, sections]));

export const coreTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export type CoreType = keyof typeof coreTypes;

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly kind: 'memory' | { readonly params: readonly CoreType[]; readonly results: readonly CoreType[] };
}

export interface CoreFunc {
  readonly export?: string;
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
  readonly locals?: readonly CoreType[];
  /** Without the closing `end`. */
  readonly code: Bytes;
  /** Whether it runs when the module is instantiated. */
  readonly start?: boolean;
}

export interface CoreModule {
  readonly imports?: readonly CoreImport[];
  readonly funcs: readonly CoreFunc[];
  /** Pages at first and at most; exported as `memory`. */
  readonly memory?: readonly [number, number];
  /** Initial values of mutable i32 globals. */
  readonly globals?: readonly number[];
}

const types = (list: readonly CoreType[]): Bytes => vector(list.map((type) => [coreTypes[type]]));

export function coreModule({ imports = [], funcs, memory, globals = [] }: CoreModule): Bytes {
  const signatures = [...imports.flatMap(({ kind }) => (kind === 'memory' ? [] : [kind])), ...funcs];
  const imported = signatures.length - funcs.length;
  let nextType = 0;
  return [
    magic,
    [0x01, 0x00, 0x00, 0x00],
    section(1, vector(signatures.map((type) => [0x60, types(type.params), types(type.results)]))),
    section(
      2,
      vector(
        imports.map((each) => [
          name(each.module),
          name(each.name),
          each.kind === 'memory' ? [0x02, 0x00, 0x00] : [0x00, unsigned(nextType++)],
        ]),
      ),
    ),
    section(3, vector(funcs.map((_, index) => unsigned(imported + index)))),
    memory === undefined ? [] : section(5, vector([[0x01, unsigned(memory[0]), unsigned(memory[1])]])),
    section(6, vector(globals.map((value) => [0x7f, 0x01, 0x41, signed(value), 0x0b]))),
    section(
      7,
      vector([
        ...(memory === undefined ? [] : [[name('memory'), 0x02, 0x00]]),
        ...funcs.flatMap((func, index) =>
          func.export === undefined ? [] : [[name(func.export), 0x00, unsigned(imported + index)]],
        ),
      ]),
    ),
    funcs.flatMap((func, index) => (func.start === true ? [section(8, unsigned(imported + index))] : [])),
    section(
      10,
      vector(
        funcs.map(({ locals = [], code }) => {
          const body = flatten([vector(locals.map((type) => [0x01, coreTypes[type]])), code, 0x0b]);
          return [unsigned(body.length), body];
        }),
      ),
    ),
  ];
}

/** Instructions, as far as tests need them. */
export const op = {
  get: (local: number): Bytes => [0x20, unsigned(local)],
  set: (local: number): Bytes => [0x21, unsigned(local)],
  globalGet: (index: number): Bytes => [0x23, unsigned(index)],
  globalSet: (index: number): Bytes => [0x24, unsigned(index)],
  i32: (value: number): Bytes => [0x41, signed(value)],
  i64: (value: number): Bytes => [0x42, signed(value)],
  call: (func: number): Bytes => [0x10, unsigned(func)],
  add: [0x6a],
  sub: [0x6b],
  and: [0x71],
  mul: [0x6c],
  gtU: [0x4b],
  ltU: [0x49],
  drop: [0x1a],
  unreachable: [0x00],
  memorySize: [0x3f, 0x00],
  memoryGrow: [0x40, 0x00],
  if: (then: Bytes): Bytes => [0x04, 0x40, then, 0x0b],
  /** Repeats while `condition` leaves something other than zero. */
  while: (condition: Bytes, body: Bytes): Bytes => [
    0x02,
    0x40,
    0x03,
    0x40,
    condition,
    0x45,
    0x0d,
    0x01,
    body,
    0x0c,
    0x00,
    0x0b,
    0x0b,
  ],
  load8: [0x2d, 0x00, 0x00],
  load: [0x28, 0x02, 0x00],
  store: (type: CoreType): Bytes => [{ i32: 0x36, i64: 0x37, f32: 0x38, f64: 0x39 }[type], 0x00, 0x00],
} as const;

/**
 * A module with a memory and a bump allocator that grows the memory at every single call, so that whoever keeps a view of it too long
 * is found out.
 */
export const restlessAllocator: CoreModule = {
  memory: [1, 400],
  globals: [4096],
  funcs: [
    {
      export: 'realloc',
      params: ['i32', 'i32', 'i32', 'i32'],
      results: ['i32'],
      locals: ['i32'],
      code: [
        // result = (top + align - 1) & -align
        [
          op.globalGet(0),
          op.get(2),
          op.add,
          op.i32(1),
          op.sub,
          op.i32(0),
          op.get(2),
          op.sub,
          op.and,
          op.set(4),
        ],
        [op.get(4), op.get(3), op.add, op.globalSet(0)],
        op.while(
          [op.globalGet(0), op.memorySize, op.i32(65536), op.mul, op.gtU],
          [op.i32(1), op.memoryGrow, op.i32(-1), [0x46], op.if(op.unreachable)],
        ),
        [op.memorySize, op.i32(40), op.ltU, op.if([op.i32(1), op.memoryGrow, op.drop])],
        op.get(4),
      ],
    },
  ],
};
