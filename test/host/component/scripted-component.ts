import type { ValType } from '../../../lib/host/component';
import { TypeSection, flatParams } from './echo-component';
import { flat, type StringEncoding } from './reference-abi';
import {
  component,
  coreModule,
  name,
  op,
  section,
  unsigned,
  vector,
  type Bytes,
  type CoreType,
} from './wasm-writer';

export interface Script {
  readonly params?: readonly ValType[];
  readonly result?: ValType;
  readonly encoding?: StringEncoding;
  /** The body of `run`: parameters are locals from 0 on, then come two i32; `call` is function 0, `realloc` is function 1. */
  readonly run: Bytes;
  /** The body of `realloc`, which has four i32 and leaves one. */
  readonly realloc?: Bytes;
  /** The body of what cleans up after `run`; it is given what `run` returned. */
  readonly cleanup?: Bytes;
  /** What it does when it is instantiated. */
  readonly start?: Bytes;
  readonly pages?: readonly [number, number];
}

/** A guest that does what a test wants: exports `run`, imports `call`, which takes and returns nothing. */
export function scriptedComponent(script: Script): Uint8Array {
  const { params = [], result, encoding = 'utf8', pages = [1, 16] } = script;
  const types = new TypeSection();
  const run = types.func(params, result);
  const call = types.func([], undefined);
  const given = flatParams(params).flat;
  const returned = result === undefined ? [] : flat(result);
  const results: CoreType[] = returned.length > 1 ? ['i32'] : returned;
  const module = coreModule({
    imports: [{ module: 'host', name: 'call', kind: { params: [], results: [] } }],
    memory: pages,
    globals: [1024],
    funcs: [
      {
        export: 'realloc',
        params: ['i32', 'i32', 'i32', 'i32'],
        results: ['i32'],
        code: script.realloc ?? [
          op.globalGet(0),
          op.globalGet(0),
          op.get(3),
          op.add,
          op.i32(7),
          op.add,
          op.i32(-8),
          op.and,
          op.globalSet(0),
        ],
      },
      { export: 'run', params: given, results, locals: ['i32', 'i32'], code: script.run },
      { export: 'cleanup', params: results, results: [], code: script.cleanup ?? [] },
      ...(script.start === undefined ? [] : [{ params: [], results: [], code: script.start, start: true }]),
    ],
  });
  const options = [
    { utf8: [0x00], utf16: [0x01], 'latin1+utf16': [0x02] }[encoding],
    [0x03, 0x00],
    [0x04, 0x01],
    [0x05, 0x03],
  ];
  return component(
    section(7, vector(types.definitions)),
    section(10, vector([[0x00, name('call'), 0x01, unsigned(call)]])),
    section(8, vector([[0x01, 0x00, 0x00, vector([])]])),
    section(2, vector([[0x01, vector([[name('call'), 0x00, 0x00]])]])),
    section(1, module),
    section(2, vector([[0x00, 0x00, vector([[name('host'), 0x12, 0x00]])]])),
    section(
      6,
      vector([
        [0x00, 0x02, 0x01, 0x01, name('memory')],
        ...['realloc', 'run', 'cleanup'].map((each) => [0x00, 0x00, 0x01, 0x01, name(each)]),
      ]),
    ),
    section(8, vector([[0x00, 0x00, 0x02, vector(options), unsigned(run)]])),
    section(11, vector([[0x00, name('run'), 0x01, 0x01, 0x00]])),
  );
}

/** Instructions that write bytes to an address. */
export const write = (address: number, bytes: readonly number[]): Bytes =>
  bytes.map((byte, index) => [op.i32(address + index), op.i32(byte), 0x3a, 0x00, 0x00]);

/** The bytes of 32-bit words. */
export const words = (...values: number[]): number[] => [...new Uint8Array(Uint32Array.from(values).buffer)];
