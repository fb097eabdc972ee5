import fc from 'fast-check';
import type { ValType } from '../../../lib/host/component';
import { camelCase } from './reference-abi';

export const flags = (count: number): ValType => ({
  kind: 'flags',
  labels: Array.from({ length: count }, (_, index) => `flag-n${index}`),
});

export const enumeration = (count: number): ValType => ({
  kind: 'enum',
  labels: Array.from({ length: count }, (_, index) => `case-n${index}`),
});

/** Any type without resources, as deep as real ones go. */
export const anyType: fc.Arbitrary<ValType> = fc.letrec<{ type: ValType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc
      .constantFrom(
        ...([
          'bool',
          's8',
          'u8',
          's16',
          'u16',
          's32',
          'u32',
          's64',
          'u64',
          'f32',
          'f64',
          'char',
          'string',
        ] as const),
      )
      .map((kind): ValType => ({ kind })),
    tie('type').map((element): ValType => ({ kind: 'list', element })),
    tie('type').map((element): ValType => ({ kind: 'option', element })),
    fc
      .record({
        ok: fc.option(tie('type'), { nil: undefined }),
        err: fc.option(tie('type'), { nil: undefined }),
      })
      .map(({ ok, err }): ValType => ({ kind: 'result', ok, err })),
    fc
      .array(tie('type'), { minLength: 1, maxLength: 6 })
      .map((elements): ValType => ({ kind: 'tuple', elements })),
    fc.array(tie('type'), { minLength: 1, maxLength: 6 }).map((types): ValType => ({
      kind: 'record',
      fields: types.map((type, index) => ({ name: index === 0 ? 'URL-of-n0' : `field-n${index}`, type })),
    })),
    fc
      .array(fc.option(tie('type'), { nil: undefined }), { minLength: 1, maxLength: 5 })
      .map((types): ValType => ({
        kind: 'variant',
        cases: types.map((type, index) => ({ name: `CASE-n${index}`, type })),
      })),
    fc.constantFrom(1, 2, 7, 8, 9, 15, 16, 17, 31, 32).map(flags),
    fc.constantFrom(1, 2, 255, 256, 257, 300).map(enumeration),
  ),
})).type;

const integer = (bits: number, signed: boolean): fc.Arbitrary<number> => {
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0));
};

/** Text of one, two, three and four bytes a character, short and long, with what encoders trip over. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\0', '\ufeffmark', '\ufffd', 'é'.repeat(40), '😀', 'a'.repeat(33), 'ÿ', 'Ā'),
);

const typed = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** Any value of a type, as a lifted one looks. */
export function anyValue(type: ValType): fc.Arbitrary<unknown> {
  const tagged = (tag: string, payload: ValType | undefined): fc.Arbitrary<unknown> =>
    payload === undefined ? fc.constant({ tag }) : anyValue(payload).map((val) => ({ tag, val }));
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 's8':
      return integer(8, true);
    case 'u8':
      return integer(8, false);
    case 's16':
      return integer(16, true);
    case 'u16':
      return integer(16, false);
    case 's32':
      return integer(32, true);
    case 'u32':
      return integer(32, false);
    case 's64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'u64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'f32':
      return fc.float();
    case 'f64':
      return fc.double();
    case 'char':
      return fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    case 'string':
      return anyText;
    case 'list': {
      const items = fc.array(anyValue(type.element), { maxLength: 5 });
      const array = typed[type.element.kind as keyof typeof typed] as
        undefined | { from(values: unknown[]): unknown };
      return array === undefined ? items : items.map((values) => array.from(values));
    }
    case 'option': {
      const some = anyValue(type.element);
      return isAmbiguous(type.element)
        ? fc.oneof(
            fc.constant({ tag: 'none' }),
            some.map((val) => ({ tag: 'some', val })),
          )
        : fc.option(some, { nil: undefined });
    }
    case 'result':
      return fc.oneof(tagged('ok', type.ok), tagged('err', type.err));
    case 'tuple':
      return fc.tuple(...type.elements.map(anyValue));
    case 'record':
      return fc.record(
        Object.fromEntries(type.fields.map(({ name, type: of }) => [camelCase(name), anyValue(of)])),
      );
    case 'variant':
      return fc.oneof(...type.cases.map((each) => tagged(each.name, each.type)));
    case 'flags':
      return fc.record(Object.fromEntries(type.labels.map((label) => [camelCase(label), fc.boolean()])));
    case 'enum':
      return fc.constantFrom(...type.labels);
    default:
      throw new Error(`${type.kind} has no values here`);
  }
}

const isAmbiguous = (type: ValType): boolean => type.kind === 'option' && !isAmbiguous(type.element);
