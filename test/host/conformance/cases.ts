import * as wit from '../../../lib/lattice/wrpc/wit';
import type { WitFunction, WitInterface, WitType } from '../../../lib/lattice/wrpc/types';

/** Who made the two components: nothing of it is shared with the host. */
export type Maker = 'JavaScript' | 'core modules';

/** A function of the interface, which gives back what it is given, and values for it. */
export interface Case {
  /** Without the `echo-` that keeps it from being a word of WIT. */
  readonly name: string;
  readonly type: WitType;
  readonly values: readonly unknown[];
  /** Further values, which componentize-js 0.23 takes for others: u32 and s64 whose highest bit is set, text that begins with U+FEFF. */
  readonly beyondJavaScript?: readonly unknown[];
  /** Whether the elements of a tuple are parameters of their own. */
  readonly spread?: boolean;
}

/** A case whose values are of its type. */
const given = <T>(name: string, type: WitType<T>, ...values: T[]): Case & { readonly type: WitType<T> } => ({
  name,
  type,
  values,
});

const beyond = <T>(type: Case & { readonly type: WitType<T> }, ...values: T[]): Case => ({
  ...type,
  beyondJavaScript: values,
});

/** A case of several parameters, given back as a tuple. */
const spread = (name: string, elements: readonly WitType[], ...values: unknown[][]): Case => ({
  name,
  type: { kind: 'tuple', elements },
  values,
  spread: true,
});

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const enumOf = (count: number): WitType<string> => wit.enum(...times(count, (at) => `c${at}`));
const ends = (count: number): string[] => [...new Set(['c0', `c${count - 1}`])];

function enums(...counts: number[]): Case[] {
  return counts.map((count) => given(`enum-of-n${count}`, enumOf(count), ...ends(count)));
}

function flags(...counts: number[]): Case[] {
  return counts.map((count) => {
    const names = times(count, (at) => `f${at}`);
    const set = (isSet: (at: number) => boolean): Record<string, boolean> =>
      Object.fromEntries(names.map((name, at) => [name, isSet(at)]));
    const type = wit.flags(...names) as WitType<Record<string, boolean>>;
    const values = [() => false, () => true, (at: number) => at === count - 1, (at: number) => at % 3 === 0];
    return given(`flags-of-n${count}`, type, ...values.map(set));
  });
}

const point = wit.record({ x: wit.s32, 'y-axis': wit.f64, label: wit.option(wit.string) });
const points = [
  { x: -1, yAxis: 0.5, label: 'ä' },
  { x: 2 ** 31 - 1, yAxis: -0, label: undefined },
];
const shape = wit.variant({
  empty: null,
  circle: wit.f32,
  polygon: wit.list(point),
  'named-one': wit.string,
  both: wit.tuple(wit.u64, wit.char),
});
const shapes = [
  { tag: 'empty' as const },
  { tag: 'circle' as const, val: 0.25 },
  { tag: 'polygon' as const, val: points },
  { tag: 'polygon' as const, val: [] },
  { tag: 'named-one' as const, val: '' },
  { tag: 'both' as const, val: [2n ** 64n - 1n, '😀'] as [bigint, string] },
];
/** Every third case has no payload, the others have two kinds of them. */
const manyCases = wit.variant(
  Object.fromEntries(times(300, (at) => [`c${at}`, [null, wit.u8, wit.string][at % 3] ?? null])),
) as WitType<{ tag: string; val?: unknown }>;
const twice = wit.option(wit.option(wit.u32));
const some = <T>(val: T): { tag: 'some'; val: T } => ({ tag: 'some', val });
const none = { tag: 'none' as const };
const ok = <T>(val: T): { tag: 'ok'; val: T } => ({ tag: 'ok', val });
const err = <E>(val: E): { tag: 'err'; val: E } => ({ tag: 'err', val });
const everything = wit.record({
  points: wit.list(point),
  pair: wit.tuple(wit.u8, wit.list(wit.string)),
  maybe: twice,
  outcome: wit.result(shape, point),
  entries: wit.list(wit.tuple(wit.string, wit.list(wit.u8))),
  table: wit.list(wit.list(wit.option(shape))),
  rights: wit.flags('read', 'write-all'),
});

/** Lengths in LEB128 change at these. */
const long = 'x'.repeat(100_000);
const tall = '日本😀'.repeat(40_000);
/** More than a message of NATS holds. */
const bytes = Uint8Array.from({ length: 1_500_000 }, (_, at) => at % 251);

export const cases: readonly Case[] = [
  given('bool', wit.bool, false, true),
  given('u8', wit.u8, 0, 127, 128, 255),
  given('u16', wit.u16, 0, 127, 128, 65_535),
  beyond(given('u32', wit.u32, 0, 16_383, 16_384, 2 ** 31 - 1), 2 ** 31, 2 ** 32 - 1),
  given('u64', wit.u64, 0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
  given('s8', wit.s8, 0, -1, -128, 127),
  given('s16', wit.s16, 63, 64, -64, -65, -32_768, 32_767),
  given('s32', wit.s32, 0, -1, -(2 ** 31), 2 ** 31 - 1),
  beyond(given('s64', wit.s64, 0n, 2n ** 63n - 1n), -1n, -(2n ** 63n)),
  given('f32', wit.f32, 0, -0, NaN, Infinity, -Infinity, 2 ** -149, -3.4028234663852886e38),
  given('f64', wit.f64, 0, -0, NaN, Infinity, -Infinity, 5e-324, -1.7976931348623157e308, 0.1),
  given('char', wit.char, '\0', 'a', 'ß', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀', '\u{10ffff}'),
  beyond(given('string', wit.string, '', 'grüße', 'a\0b', '😀', '\ufffd', long, tall), '\ufeffmark'),
  given('list-bool', wit.list(wit.bool), [], [true, false, true]),
  given('list-u8', wit.list(wit.u8), new Uint8Array(), Uint8Array.of(0, 255), bytes),
  given('list-s8', wit.list(wit.s8), Int8Array.of(-128, -1, 0, 127)),
  given('list-u16', wit.list(wit.u16), Uint16Array.of(0, 65_535)),
  given('list-s16', wit.list(wit.s16), Int16Array.of(-32_768, 32_767)),
  given(
    'list-u32',
    wit.list(wit.u32),
    new Uint32Array(),
    Uint32Array.from({ length: 10_000 }, (_, at) => at),
  ),
  given('list-s32', wit.list(wit.s32), Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
  given('list-u64', wit.list(wit.u64), BigUint64Array.of(0n, 2n ** 64n - 1n)),
  given('list-s64', wit.list(wit.s64), BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)),
  given('list-f32', wit.list(wit.f32), Float32Array.of(-0, NaN, 1.5)),
  given('list-f64', wit.list(wit.f64), Float64Array.of(-0, NaN, -Infinity)),
  given('list-char', wit.list(wit.char), ['a', '😀', '\u{10ffff}']),
  given('list-string', wit.list(wit.string), [], ['', 'ä', long]),
  given('list-record', wit.list(point), [], points),
  given('list-list', wit.list(wit.list(wit.list(wit.string))), [], [[]], [[[]], [['a'], ['', 'b']]]),
  given('list-option', wit.list(wit.option(wit.u8)), [0, undefined, 255]),
  given('record', point, ...points),
  beyond(given('tuple', wit.tuple(wit.u8, wit.string, wit.bool, wit.s64), [255, 'ü', true, 2n]), [
    0,
    '',
    false,
    -1n,
  ]),
  given('tuple-of-n1', wit.tuple(wit.string), ['alone']),
  given('variant', shape, ...shapes),
  given('variant-of-n300', manyCases, { tag: 'c0' }, { tag: 'c256', val: 255 }, { tag: 'c299', val: 'ß' }),
  given('list-variant', wit.list(shape), shapes),
  ...enums(1, 2, 256, 257),
  beyond(given('option', wit.option(wit.u32), undefined, 0, 7), 2 ** 32 - 1),
  given('option-string', wit.option(wit.string), undefined, '', 'ü'),
  given('option-option', twice, none, some(undefined), some(0)),
  given('option-n3', wit.option(twice), undefined, none, some(undefined), some(7)),
  given('option-bool', wit.option(wit.bool), undefined, false, true),
  given('option-variant', wit.option(shape), undefined, ...shapes),
  ...flags(1, 7, 8, 9, 16, 17, 31, 32),
  given('list-flags', wit.list(wit.flags('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')), [
    { a: true, b: false, c: false, d: false, e: false, f: false, g: false, h: false, i: true },
  ]),
  given('result', wit.result(), ok(undefined), err(undefined)),
  given('result-ok', wit.result(wit.string), ok('fine'), err(undefined)),
  given('result-err', wit.result(null, shape), ok(undefined), ...shapes.map((each) => err(each))),
  given('result-both', wit.result(wit.u64, wit.string), ok(2n ** 64n - 1n), err('ü')),
  given('result-result', wit.result(wit.result(null, wit.u8), wit.result(wit.u8)), ok(err(3)), err(ok(4))),
  given('list-result', wit.list(wit.result(wit.u8, point)), [ok(1), err(points[0]!), err(points[1]!)]),
  given(
    'everything',
    everything,
    {
      points,
      pair: [0, ['', 'ä']],
      maybe: some(undefined),
      outcome: err(points[1]!),
      entries: [
        ['', new Uint8Array()],
        ['ü', Uint8Array.of(1, 2)],
      ],
      table: [[], [undefined, ...shapes]],
      rights: { read: true, writeAll: false },
    },
    {
      points: [],
      pair: [255, []],
      maybe: none,
      outcome: ok(shapes[2]!),
      entries: [],
      table: [],
      rights: { read: false, writeAll: true },
    },
  ),
  spread('none', [], []),
  spread('several', [wit.u8, wit.string, shape, wit.list(point)], [1, 'ü', shapes[2], points]),
  spread(
    'spilled',
    times(6, () => wit.tuple(wit.u8, wit.string, wit.f32)),
    times(6, (at) => [at, `${at}`, at / 4]),
  ),
];

/** How WIT spells the function of a case. */
export const functionOf = ({ name }: Case): string => `echo-${name}`;

function signatureOf({ type, spread }: Case): WitFunction {
  const elements = spread && type.kind === 'tuple' ? type.elements : [type];
  if (elements.length === 0) return { params: [] };
  const params = elements.map((element, at) => [`p${at}`, element] as const);
  return { params: [...params, ['seen', wit.string]], result: type };
}

/** The interface with a function for each of these cases. */
export const interfaceOf = (all: readonly Case[]): WitInterface => ({
  id: 'test:conformance/values',
  functions: Object.fromEntries(all.map((each) => [functionOf(each), signatureOf(each)])),
});

/** The interface of the cases that are written down here. */
export const values = interfaceOf(cases);
