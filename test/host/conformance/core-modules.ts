import type { ValType } from '../../../lib/host/component';
import type { WitFunction, WitInterface, WitType } from '../../../lib/lattice/wrpc/types';
import { flatParams } from '../component/echo-component';
import {
  alignment,
  alignUp,
  cases,
  discriminant,
  fields,
  flat,
  payloadOffset,
  size,
} from '../component/reference-abi';
import {
  type Bytes,
  type CoreFunc,
  type CoreImport,
  type CoreType,
  coreModule,
  flatten,
  op,
  restlessAllocator,
} from '../component/wasm-writer';

/** Where results lie until they are read, and where memory begins that is handed out. */
const RESULT = 16;
const HEAP = 4096;

/** A core module that calls, for each function of an interface, the same function of what it is linked to. */
export function relayModule({ id, functions }: WitInterface): Uint8Array {
  const all = Object.entries(functions);
  const imports = all.map(([name, signature]): CoreImport => {
    const { params, results, stored } = coreType(signature);
    return {
      module: id,
      name,
      kind: { params: stored ? [...params, 'i32'] : params, results: stored ? [] : results },
    };
  });
  const funcs = all.flatMap(([name, signature], index) => {
    const { params, stored } = coreType(signature);
    const given = params.map((_, local) => op.get(local));
    return exported(id, name, signature, [
      given,
      stored ? op.i32(RESULT) : [],
      op.call(index),
      stored ? op.i32(RESULT) : [],
    ]);
  });
  return moduleOf(imports, funcs);
}

/** A core module whose functions give back what they are given, all but the last parameter. */
export function echoModule({ id, functions }: WitInterface): Uint8Array {
  const funcs = Object.entries(functions).flatMap(([name, signature]) =>
    exported(id, name, signature, echo(signature)),
  );
  return moduleOf([], funcs);
}

function echo(signature: WitFunction): Bytes {
  const { params, result, stored, spilled } = coreType(signature);
  if (result === undefined) return [];
  // The result is how the parameters begin: what lies in memory lies there as it should.
  if (!stored) return spilled ? [op.get(0), load(result)] : op.get(0);
  if (spilled) return op.get(0);
  const slots = params.map((core, local) => ({ core, local }));
  return [store(result, RESULT, slots), op.i32(RESULT)];
}

interface FunctionInCore {
  readonly params: CoreType[];
  /** Whether the parameters lie in memory, where the only one that is left points. */
  readonly spilled: boolean;
  readonly result: ValType | undefined;
  readonly results: CoreType[];
  /** Whether the result lies in memory. */
  readonly stored: boolean;
}

function coreType({ params, result }: WitFunction): FunctionInCore {
  const given = flatParams(params.map(([, type]) => valType(type)));
  const returned = result && valType(result);
  const results = returned === undefined ? [] : flat(returned);
  return {
    params: given.flat,
    spilled: given.spilled,
    result: returned,
    results,
    stored: results.length > 1,
  };
}

function exported(id: string, name: string, signature: WitFunction, code: Bytes): CoreFunc[] {
  const { params, results, stored } = coreType(signature);
  const returned: CoreType[] = stored ? ['i32'] : results;
  return [
    { export: `${id}#${name}`, params, results: returned, code },
    {
      export: `cabi_post_${id}#${name}`,
      params: returned,
      results: [],
      code: [op.i32(HEAP), op.globalSet(0)],
    },
  ];
}

function moduleOf(imports: readonly CoreImport[], funcs: readonly CoreFunc[]): Uint8Array {
  const [allocate] = restlessAllocator.funcs as [CoreFunc];
  const stays: Bytes = [op.get(3), op.get(1), 0x4d, op.if([op.get(0), 0x0f])];
  const copy: Bytes = [op.drop, op.get(4), op.get(0), op.get(1), 0xfc, 0x0a, 0x00, 0x00, op.get(4)];
  const realloc: CoreFunc = { ...allocate, export: 'cabi_realloc', code: [stays, allocate.code, copy] };
  return Uint8Array.from(
    flatten(coreModule({ imports, funcs: [...funcs, realloc], memory: [1, 400], globals: [HEAP] })),
  );
}

/** A core value that a function was given. */
interface Slot {
  readonly local: number;
  readonly core: CoreType;
}

/** Writes a value to memory from the core values that it is when it is passed; takes those from `slots`. */
function store(type: ValType, at: number, slots: Slot[]): Bytes {
  const variant = cases(type);
  if (variant !== undefined) {
    const [choice, ...rest] = slots.splice(0, flat(type).length) as [Slot, ...Slot[]];
    const payloads = variant.map(([, payload], index): Bytes => {
      if (payload === undefined) return [];
      const stored = store(payload, at + payloadOffset(variant), [...rest]);
      return [read(choice, 'i32'), op.i32(index), 0x46, op.if(stored)];
    });
    return [storeScalar(at, discriminant(variant.length), 'i32', choice), payloads];
  }
  switch (type.kind) {
    case 'record':
    case 'tuple': {
      let offset = at;
      return fields(type).map((field) => {
        offset = alignUp(offset, alignment(field));
        const stored = store(field, offset, slots);
        offset += size(field);
        return stored;
      });
    }
    case 'string':
    case 'list':
      return [0, 4].map((offset) => storeScalar(at + offset, 4, 'i32', slots.shift()!));
    default:
      return storeScalar(at, size(type), flat(type)[0]!, slots.shift()!);
  }
}

const storing: Record<string, number> = {
  i321: 0x3a,
  i322: 0x3b,
  i324: 0x36,
  i648: 0x37,
  f324: 0x38,
  f648: 0x39,
};

function storeScalar(at: number, bytes: number, core: CoreType, slot: Slot): Bytes {
  return [op.i32(at), read(slot, core), storing[`${core}${bytes}`]!, 0x00, 0x00];
}

/** A core value as what it stands for: payloads of different types share a place that holds each of them. */
function read({ local, core }: Slot, wanted: CoreType): Bytes {
  const given = op.get(local);
  if (core === wanted) return given;
  const reinterpret = { f32: 0xbe, f64: 0xbf } as const;
  if (core === 'i32' && wanted === 'f32') return [given, reinterpret.f32];
  if (core === 'i64' && wanted === 'f64') return [given, reinterpret.f64];
  if (core === 'i64') return [given, 0xa7, wanted === 'f32' ? reinterpret.f32 : []];
  throw new Error(`${core} never stands for ${wanted}`);
}

const loading: Record<string, number> = {
  i321: 0x2d,
  i322: 0x2f,
  i324: 0x28,
  i648: 0x29,
  f324: 0x2a,
  f648: 0x2b,
};

/** Replaces an address by the one core value of what lies there. */
function load(type: ValType): Bytes {
  return [loading[`${flat(type)[0]}${size(type)}`]!, 0x00, 0x00];
}

/** A type of an interface as the reference of the ABI describes it. */
function valType(type: WitType): ValType {
  switch (type.kind) {
    case 'list':
    case 'option':
      return { kind: type.kind, element: valType(type.element) };
    case 'record':
      return {
        kind: 'record',
        fields: type.fields.map(({ name, type: of }) => ({ name, type: valType(of) })),
      };
    case 'tuple':
      return { kind: 'tuple', elements: type.elements.map(valType) };
    case 'variant':
      return {
        kind: 'variant',
        cases: type.cases.map(({ name, type: of }) => ({ name, type: of && valType(of) })),
      };
    case 'result':
      return { kind: 'result', ok: type.ok && valType(type.ok), err: type.err && valType(type.err) };
    case 'enum':
    case 'flags':
      return { kind: type.kind, labels: type.names };
    case 'stream':
    case 'future':
    case 'own':
    case 'borrow':
      throw new Error(`Components pass no ${type.kind} to each other`);
    default:
      return { kind: type.kind };
  }
}
