import type { ValType } from '../../../lib/host/component';
import { alignment, flat, size, type StringEncoding } from './reference-abi';
import {
  component,
  coreModule,
  name,
  op,
  restlessAllocator,
  section,
  typeIndex,
  unsigned,
  vector,
} from './wasm-writer';
import type { Bytes, CoreFunc, CoreModule, CoreType } from './wasm-writer';

/** Where the guest writes the core values it was given, eight bytes each. */
export const SEEN = 0;
/** Where it writes the address of the result, a mark once it was asked to clean up, and what `snapshot` returns. */
export const OUT = 512;
export const CLEANED = 520;
const SNAPSHOT = 528;

export interface Echo {
  readonly params: readonly ValType[];
  readonly result: ValType | undefined;
  readonly encoding: StringEncoding;
}

const MAX_FLAT = 16;

/** The flat parameters of a function, and whether they lie in memory instead. */
export function flatParams(types: readonly ValType[]): { spilled: boolean; flat: CoreType[] } {
  const all = types.flatMap(flat);
  return all.length > MAX_FLAT ? { spilled: true, flat: ['i32'] } : { spilled: false, flat: all };
}

const primitives: Partial<Record<ValType['kind'], number>> = {
  bool: 0x7f,
  s8: 0x7e,
  u8: 0x7d,
  s16: 0x7c,
  u16: 0x7b,
  s32: 0x7a,
  u32: 0x79,
  s64: 0x78,
  u64: 0x77,
  f32: 0x76,
  f64: 0x75,
  char: 0x74,
  string: 0x73,
};

/** Definitions of the types of a component, as wasm-tools numbers them: in order of need. */
export class TypeSection {
  readonly definitions: Bytes[] = [];

  constructor(private readonly first = 0) {}

  define(definition: Bytes): number {
    return this.first + this.definitions.push(definition) - 1;
  }

  reference(type: ValType): Bytes {
    const primitive = primitives[type.kind];
    return primitive === undefined ? typeIndex(this.define(this.compound(type))) : [primitive];
  }

  func(params: readonly ValType[], result: ValType | undefined): number {
    const named = params.map((type, index) => [name(`p${index}`), this.reference(type)]);
    const returned = result === undefined ? [0x01, 0x00] : [0x00, this.reference(result)];
    return this.define([0x40, vector(named), returned]);
  }

  private compound(type: ValType): Bytes {
    const optional = (each: ValType | undefined): Bytes =>
      each === undefined ? [0x00] : [0x01, this.reference(each)];
    switch (type.kind) {
      case 'record':
        return [0x72, vector(type.fields.map((field) => [name(field.name), this.reference(field.type)]))];
      case 'variant':
        return [0x71, vector(type.cases.map((each) => [name(each.name), optional(each.type), 0x00]))];
      case 'list':
        return [0x70, this.reference(type.element)];
      case 'tuple':
        return [0x6f, vector(type.elements.map((each) => this.reference(each)))];
      case 'flags':
        return [0x6e, vector(type.labels.map(name))];
      case 'enum':
        return [0x6d, vector(type.labels.map(name))];
      case 'option':
        return [0x6b, this.reference(type.element)];
      case 'result':
        return [0x6a, optional(type.ok), optional(type.err)];
      default:
        throw new Error(`${type.kind} has no definition here`);
    }
  }
}

/**
 * A component whose `run` hands its parameters to the imported `echo` and returns what that returns; its `snapshot` is all of its memory.
 */
export function echoComponent({ params, result, encoding }: Echo): Uint8Array {
  const types = new TypeSection();
  const func = types.func(params, result);
  const snapshot = types.func([], { kind: 'list', element: { kind: 'u8' } });
  const options = [
    { utf8: [0x00], utf16: [0x01], 'latin1+utf16': [0x02] }[encoding],
    [0x03, 0x00],
    [0x04, 0x00],
  ];
  return component(
    section(7, vector(types.definitions)),
    section(10, vector([[0x00, name('echo'), 0x01, unsigned(func)]])),
    section(1, coreModule(restlessAllocator)),
    section(2, vector([[0x00, 0x00, vector([])]])),
    section(
      6,
      vector([
        [0x00, 0x02, 0x01, 0x00, name('memory')],
        [0x00, 0x00, 0x01, 0x00, name('realloc')],
      ]),
    ),
    section(8, vector([[0x01, 0x00, 0x00, vector(options)]])),
    section(2, vector([[0x01, vector([[name('echo'), 0x00, 0x01]])]])),
    section(1, coreModule(forwarder(params, result))),
    section(
      2,
      vector([
        [
          0x00,
          0x01,
          vector([
            [name('allocator'), 0x12, 0x00],
            [name('host'), 0x12, 0x01],
          ]),
        ],
      ]),
    ),
    section(
      6,
      vector([
        [0x00, 0x00, 0x01, 0x02, name('run')],
        [0x00, 0x00, 0x01, 0x02, name('cleanup')],
        [0x00, 0x00, 0x01, 0x02, name('snapshot')],
      ]),
    ),
    section(
      8,
      vector([
        [0x00, 0x00, 0x02, vector([...options, [0x05, 0x03]]), unsigned(func)],
        [0x00, 0x00, 0x04, vector(options), unsigned(snapshot)],
      ]),
    ),
    section(
      11,
      vector([
        [0x00, name('run'), 0x01, 0x01, 0x00],
        [0x00, name('snapshot'), 0x01, 0x02, 0x00],
      ]),
    ),
  );
}

function forwarder(params: readonly ValType[], result: ValType | undefined): CoreModule {
  const given = flatParams(params).flat;
  const returned = result === undefined ? [] : flat(result);
  const stored = returned.length > 1;
  const out = given.length;
  const results: CoreType[] = stored ? ['i32'] : returned;
  const remember: Bytes = given.map((type, index) => [
    op.i32(SEEN + 8 * index),
    op.get(index),
    op.store(type),
  ]);
  const allocate: Bytes =
    stored && result !== undefined
      ? [
          [op.i32(0), op.i32(0), op.i32(alignment(result)), op.i32(size(result)), op.call(0), op.set(out)],
          [op.i32(OUT), op.get(out), op.store('i32')],
        ]
      : [];
  const run: CoreFunc = {
    export: 'run',
    params: given,
    results,
    locals: ['i32'],
    code: [
      remember,
      allocate,
      given.map((_, index) => op.get(index)),
      stored ? op.get(out) : [],
      op.call(1),
      stored ? op.get(out) : [],
    ],
  };
  const cleanup: CoreFunc = {
    export: 'cleanup',
    params: results,
    results: [],
    code: [op.i32(CLEANED), op.i32(1), op.store('i32')],
  };
  const snapshot: CoreFunc = {
    export: 'snapshot',
    params: [],
    results: ['i32'],
    code: [
      [op.i32(SNAPSHOT), op.i32(0), op.store('i32')],
      [op.i32(SNAPSHOT + 4), op.memorySize, op.i32(65536), op.mul, op.store('i32')],
      op.i32(SNAPSHOT),
    ],
  };
  return {
    imports: [
      { module: 'allocator', name: 'memory', kind: 'memory' },
      {
        module: 'allocator',
        name: 'realloc',
        kind: { params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] },
      },
      {
        module: 'host',
        name: 'echo',
        kind: { params: stored ? [...given, 'i32'] : given, results: stored ? [] : returned },
      },
    ],
    funcs: [run, cleanup, snapshot],
  };
}
