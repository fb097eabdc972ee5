import fc from 'fast-check';
import { codecOf } from '../../../../lib/lattice/wrpc/codec';
import { Decoder, Encoder, type Limits, defaultLimits } from '../../../../lib/lattice/wrpc/coding';
import type { WitType } from '../../../../lib/lattice/wrpc/types';
import * as wit from '../../../../lib/lattice/wrpc/wit';
import { typedValue } from './values';

const nothing = (): never => {
  throw new Error('nothing is deferred here');
};

function encode(type: WitType, value: unknown): Uint8Array {
  const out = new Encoder();
  codecOf(type).encode(out, value, '');
  return out.take();
}

function decode(type: WitType, bytes: Uint8Array, limits: Limits = defaultLimits): unknown {
  const input = new Decoder(bytes, limits, nothing);
  const value = codecOf(type).decode(input, '');
  if (input.remaining > 0) throw new Error(`${input.remaining} bytes left`);
  return value;
}

/** Matches an error with these properties. */
const failure = (fields: object): Error => expect.objectContaining(fields) as Error;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const {
  bool,
  char,
  f32,
  f64,
  list,
  option,
  record,
  result,
  s16,
  s32,
  s64,
  s8,
  string,
  tuple,
  u16,
  u32,
  u64,
  u8,
} = wit;
const flags = (count: number): WitType => wit.flags(...Array.from({ length: count }, (_, at) => `f${at}`));

describe('byte vectors', () => {
  it.each<[string, WitType, unknown, string]>([
    ['u8 and u32 side by side', tuple(u8, u32), [0x42, 0x42], '4242'],
    ['s32 -1', s32, -1, '7f'],
    ['u32 300', u32, 300, 'ac02'],
    ['u16 65535', u16, 65535, 'ffff03'],
    ['s16 -32768', s16, -32768, '80807e'],
    ['s8 -1 is one raw byte', s8, -1, 'ff'],
    ['u64 max', u64, 2n ** 64n - 1n, 'ffffffffffffffffff01'],
    ['u64 2^49', u64, 2n ** 49n, '8080808080808001'],
    ['s64 min', s64, -(2n ** 63n), '8080808080808080807f'],
    ['bool', bool, true, '01'],
    ['f32', f32, 1.5, '0000c03f'],
    ['f64', f64, -2, '00000000000000c0'],
    ['char has no length', char, 'é', 'c3a9'],
    ['char beyond the BMP', char, '🦀', 'f09fa680'],
    ['string', string, 'hi', '026869'],
    ['string of 300', string, 'x'.repeat(300), `ac02${'78'.repeat(300)}`],
    ['string keeps a byte order mark', string, '\uFEFFa', '04efbbbf61'],
    ['some', option(bool), true, '0101'],
    ['none', option(bool), undefined, '00'],
    ['some(none)', option(option(u8)), { tag: 'some', val: undefined }, '0100'],
    ['none of option of option', option(option(u8)), { tag: 'none' }, '00'],
    ['err', result(u8, string), { tag: 'err', val: 'x' }, '010178'],
    ['ok without payload', result(null, string), { tag: 'ok' }, '00'],
    ['list of bytes', list(u8), Uint8Array.of(1, 2), '020102'],
    ['list of numbers is a typed array', list(u32), Uint32Array.of(300), '01ac02'],
    ['list of strings', list(string), ['a', ''], '02016100'],
    ['record in order, camelCase', record({ 'b-c': u8, a: u8 }), { bC: 1, a: 2 }, '0102'],
    ['enum', wit.enum('a', 'b-c'), 'b-c', '01'],
    [
      'variant',
      wit.variant({ all: null, 'some-of': list(string) }),
      { tag: 'some-of', val: ['x'] },
      '01010178',
    ],
    ['handle', wit.own('bucket'), Uint8Array.of(9), '0109'],
  ])('%s', (_, type, value, expected) => {
    expect(hex(encode(type, value))).toBe(expected);
    expect(decode(type, bytes(expected))).toEqual(value);
  });

  it.each([1, 8, 9, 17, 24, 33, 65])('%i flags take as many bytes as they need', (count) => {
    const all = Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at % 3 === 0]));
    const encoded = encode(flags(count), all);
    expect(encoded).toHaveLength(Math.ceil(count / 8));
    expect(encoded[0]).toBe(count === 1 ? 0b1 : 0b01001001);
    expect(decode(flags(count), encoded)).toEqual(all);
  });

  it('reads integers that are longer than they need to be', () => {
    expect(decode(u32, bytes('8000'))).toBe(0);
    expect(decode(s32, bytes('ff7f'))).toBe(-1);
  });
});

describe('any value of any type', () => {
  it('is the same after a round trip', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(decode(type, encode(type, value))).toStrictEqual(value);
      }),
      { numRuns: 400 },
    );
  });

  it('is the same when it outgrows the buffer at any place', () => {
    const type = tuple(list(u8), u8, option(string), list(bool));
    for (let size = 1000; size < 1040; size++) {
      const value = [
        new Uint8Array(size).fill(7),
        255,
        'é',
        Array.from({ length: 5000 }, (_, at) => at % 3 === 0),
      ];
      expect(decode(type, encode(type, value))).toStrictEqual(value);
    }
  });

  it('is incomplete with any end missing, and never something else', () => {
    fc.assert(
      fc.property(
        typedValue,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        ({ type, value }, part) => {
          const whole = encode(type, value);
          const cut = whole.subarray(0, Math.floor(whole.length * part));
          expect(() => decode(type, cut)).toThrow(failure({ reason: 'Incomplete' }));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('comes from hostile bytes or fails with a named error', () => {
    fc.assert(
      fc.property(typedValue, fc.uint8Array({ maxLength: 40 }), ({ type }, noise) => {
        let thrown: unknown;
        try {
          codecOf(type).decode(new Decoder(noise, defaultLimits, nothing), '');
        } catch (error) {
          thrown = error;
        }
        if (thrown !== undefined) expect(thrown).toHaveProperty('name', 'WrpcError');
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile bytes', () => {
  it.each<[string, WitType, string, string]>([
    ['a bool of 2', bool, '02', 'Malformed'],
    ['an option tag of 2', option(u8), '02', 'Malformed'],
    ['a case that is not there', wit.enum('a'), '01', 'Malformed'],
    ['a u16 of 17 bits', u16, '808004', 'Malformed'],
    ['a u16 in four bytes', u16, '80808000', 'Malformed'],
    ['a u32 of 33 bits', u32, '8080808010', 'Malformed'],
    ['a u32 without an end', u32, 'ffffffffff', 'Malformed'],
    ['a u64 of 65 bits', u64, 'ffffffffffffffffff02', 'Malformed'],
    ['a u64 without an end', u64, 'ff'.repeat(11), 'Malformed'],
    ['an s32 of 33 bits', s32, 'ffffffff0f', 'Malformed'],
    ['an s64 of 65 bits', s64, 'ffffffffffffffffff01', 'Malformed'],
    ['text that is not UTF-8', string, '02c328', 'Malformed'],
    ['a char that is a surrogate', char, 'eda080', 'Malformed'],
    ['a list that claims 4 billion', list(string), 'ffffffff0f00', 'Incomplete'],
    ['a typed array that claims 4 billion', list(u64), 'ffffffff0f00', 'Incomplete'],
    ['a byte list that claims 4 billion', list(u8), 'ffffffff0f00', 'Incomplete'],
    ['a string that claims 4 billion', string, 'ffffffff0f00', 'Incomplete'],
  ])('%s', (_, type, input, reason) => {
    expect(() => decode(type, bytes(input))).toThrow(failure({ name: 'WrpcError', reason }));
  });

  it('cannot make small messages into much memory', () => {
    const many = new Uint8Array(1 << 20);
    many.set([0xfd, 0xff, 0x3f]); // A count of as many as there are bytes left.
    const limits = { ...defaultLimits, maxDecodedBytes: 16 << 20 };
    expect(() => decode(list(list(u8)), many, limits)).toThrow(failure({ reason: 'TooLarge' }));
    expect(() => decode(list(option(string)), many, limits)).toThrow(failure({ reason: 'TooLarge' }));
  });

  it('gives bytes that do not share memory with the message', () => {
    const message = bytes('03010203');
    const value = decode(list(u8), message) as Uint8Array;
    message.fill(0);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
    expect(value.constructor).toBe(Uint8Array);
  });
});

describe('values of the wrong type', () => {
  const request = record({ 'max-keys': option(u32), names: list(tuple(string, u8)) });

  it.each<[string, WitType, unknown, string]>([
    ['a number too large', u8, 256, 'expected u8, got number 256'],
    ['a fraction', u32, 1.5, 'expected u32, got number 1.5'],
    ['a negative bigint', u64, -1n, 'expected u64, got bigint -1'],
    ['a tag that is not there', wit.variant({ a: null }), { tag: 'b' }, 'expected a tag of a, got string b'],
    ['two characters', char, 'ab', 'expected one character, got string ab'],
    ['half a character', char, '\ud800', 'expected one character'],
    [
      'a place deep inside',
      request,
      { maxKeys: 1, names: [['a', 'b']] },
      'names › 0 › 1: expected u8, got string b',
    ],
    ['a missing field', request, { maxKeys: 1 }, 'names: expected an array, got undefined'],
    ['null for a record', request, null, 'expected an object, got null'],
    ['an array for bytes', list(u8), [1], 'expected a Uint8Array'],
  ])('%s', (_, type, value, message) => {
    expect(() => encode(type, value)).toThrow(message);
  });

  it('takes safe integers for u64', () => expect(hex(encode(u64, 300))).toBe('ac02'));
});

it('refuses types that WIT does not have', () => {
  expect(() => record({})).toThrow('A record without members');
  expect(() => wit.flags()).toThrow('A flags without members');
});
