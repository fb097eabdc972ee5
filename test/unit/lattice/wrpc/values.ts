import fc from 'fast-check';
import { type WitType, camelCase } from '../../../../lib/lattice/wrpc/types';
import * as wit from '../../../../lib/lattice/wrpc/wit';

/** A WIT type together with one of its values. */
export interface TypedValue {
  type: WitType;
  value: unknown;
}

type Values = fc.Arbitrary<{ type: WitType; values: fc.Arbitrary<unknown> }>;

const of = (type: WitType, values: fc.Arbitrary<unknown>): Values => fc.constant({ type, values });
const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,4}(-[a-z][a-z0-9]{0,3})?$/);
const names = (max: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(name, { minLength: 1, maxLength: max, selector: (text) => camelCase(text) });

const numbers: [WitType, fc.Arbitrary<unknown>, (items: never[]) => unknown][] = [
  [wit.u8, integer(0, 0xff), (items) => Uint8Array.from(items)],
  [wit.s8, integer(-0x80, 0x7f), (items) => Int8Array.from(items)],
  [wit.u16, integer(0, 0xffff), (items) => Uint16Array.from(items)],
  [wit.s16, integer(-0x8000, 0x7fff), (items) => Int16Array.from(items)],
  [wit.u32, integer(0, 0xffff_ffff), (items) => Uint32Array.from(items)],
  [wit.s32, integer(-0x8000_0000, 0x7fff_ffff), (items) => Int32Array.from(items)],
  [wit.u64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (items) => BigUint64Array.from(items)],
  [wit.s64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (items) => BigInt64Array.from(items)],
  [wit.f32, fc.float(), (items) => Float32Array.from(items)],
  [wit.f64, fc.double(), (items) => Float64Array.from(items)],
];

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const leaf: Values = fc.oneof(
  ...numbers.map(([type, values]) => of(type, values)),
  ...numbers.map(([type, values, array]) =>
    of(
      wit.list(type),
      fc.array(values, { maxLength: 9 }).map((items) => array(items as never[])),
    ),
  ),
  of(wit.bool, fc.boolean()),
  of(wit.string, text),
  of(wit.char, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  names(40).chain((all) =>
    of(
      wit.flags(...all),
      fc
        .tuple(...all.map(() => fc.boolean()))
        .map((on) => Object.fromEntries(all.map((flag, at) => [camelCase(flag), on[at]]))),
    ),
  ),
  names(200).chain((all) => of(wit.enum(...all), fc.constantFrom(...all))),
);

const isNumber = (type: WitType): boolean => numbers.some(([number]) => number === type);
/** The rule of jco: an option is undefined or its value unless its value could be undefined as well. */
const nullable = (type: WitType): boolean => type.kind === 'option' && !nullable(type.element);

function composite(inner: Values): Values {
  const member = fc.tuple(fc.boolean(), inner);
  return fc.oneof(
    inner
      .filter(({ type }) => !isNumber(type))
      .map(({ type, values }) => ({
        type: wit.list(type),
        values: fc.array(values, { maxLength: 5 }),
      })),
    inner.map(({ type, values }) => ({
      type: wit.option(type),
      values: nullable(type)
        ? fc.oneof(
            fc.constant({ tag: 'none' }),
            values.map((val) => ({ tag: 'some', val })),
          )
        : fc.option(values, { nil: undefined }),
    })),
    fc.array(inner, { minLength: 1, maxLength: 4 }).map((all) => ({
      type: wit.tuple(...all.map(({ type }) => type)),
      values: fc.tuple(...all.map(({ values }) => values)),
    })),
    names(4).chain((fields) =>
      fc.tuple(...fields.map(() => inner)).map((all) => ({
        type: wit.record(Object.fromEntries(fields.map((field, at) => [field, all[at]?.type ?? wit.bool]))),
        values: fc
          .tuple(...all.map(({ values }) => values))
          .map((values) => Object.fromEntries(fields.map((field, at) => [camelCase(field), values[at]]))),
      })),
    ),
    names(4).chain((cases) =>
      fc.tuple(...cases.map(() => member)).map((all) => ({
        type: wit.variant(
          Object.fromEntries(cases.map((tag, at) => [tag, all[at]?.[0] ? all[at][1].type : null])),
        ),
        values: fc.oneof(
          ...all.map(([payload, { values }], at) =>
            payload ? values.map((val) => ({ tag: cases[at], val })) : fc.constant({ tag: cases[at] }),
          ),
        ),
      })),
    ),
    fc.tuple(member, member).map(([[hasOk, ok], [hasErr, err]]) => ({
      type: wit.result(hasOk ? ok.type : null, hasErr ? err.type : null),
      values: fc.oneof(
        hasOk ? ok.values.map((val) => ({ tag: 'ok', val })) : fc.constant({ tag: 'ok' }),
        hasErr ? err.values.map((val) => ({ tag: 'err', val })) : fc.constant({ tag: 'err' }),
      ),
    })),
  );
}

/** Types up to three levels deep, each with a value. */
export const typedValue: fc.Arbitrary<TypedValue> = fc
  .oneof(leaf, composite(leaf), composite(fc.oneof(leaf, composite(leaf))))
  .chain(({ type, values }) => values.map((value) => ({ type, value })));
