import fc from 'fast-check';
import { compile, instantiate, type ValType } from '../../../lib/host/component';
import { WitError } from '../../../lib/host/engine/engine';
import { anyType, anyValue, enumeration, flags } from './arbitrary';
import { CLEANED, echoComponent, flatParams, OUT, SEEN } from './echo-component';
import { alignment, flat, liftFlat, load, size, type FlatValue, type StringEncoding } from './reference-abi';

type Func = (...args: unknown[]) => unknown;

interface Outcome {
  /** What the host function was called with, and what the caller got. */
  readonly args: unknown[];
  readonly returned: unknown;
  /** What lies in the guest's memory, read by the reference. */
  readonly seen: unknown[];
  readonly stored: unknown;
  readonly cleaned: boolean;
}

/** Sends values through a guest and back, and looks at what it had in its hands. */
async function roundTrip(
  params: readonly ValType[],
  values: readonly unknown[],
  result: ValType | undefined,
  answer: unknown,
  encoding: StringEncoding,
): Promise<Outcome> {
  const compiled = await compile(echoComponent({ params, result, encoding }));
  let args: unknown[] = [];
  const echo = (...given: unknown[]): unknown => {
    args = given;
    const outcome = answer as { tag: string; val: unknown };
    if (result?.kind !== 'result') return answer;
    if (outcome.tag === 'err') throw new WitError(outcome.val);
    return outcome.val;
  };
  const { exports } = await instantiate(compiled, { echo: { default: echo } });
  let returned: unknown;
  try {
    returned = (exports['run'] as Func)(...values);
    if (result?.kind === 'result')
      returned = result.ok === undefined ? { tag: 'ok' } : { tag: 'ok', val: returned };
  } catch (error) {
    if (!(error instanceof WitError) || result?.kind !== 'result') throw error;
    returned = result.err === undefined ? { tag: 'err' } : { tag: 'err', val: error.payload as unknown };
  }
  const bytes = (exports['snapshot'] as Func)() as Uint8Array;
  const memory = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const guest = { memory, encoding };
  const given = flatParams(params);
  let seen: unknown[];
  if (given.spilled) {
    const record: ValType = { kind: 'tuple', elements: params };
    seen = load(guest, record, memory.getUint32(SEEN, true)) as unknown[];
  } else {
    const flats = given.flat.map((type, index): FlatValue => ({
      type,
      bits: memory.getBigUint64(SEEN + 8 * index, true),
    }));
    seen = params.map((type) => liftFlat(guest, type, flats));
  }
  const stored =
    result !== undefined && flat(result).length > 1
      ? load(guest, result, memory.getUint32(OUT, true))
      : answer;
  return { args, returned, seen, stored, cleaned: memory.getUint32(CLEANED, true) === 1 };
}

/** Lists of numbers are typed arrays when they are lifted; the reference has plain ones. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<unknown>)];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

async function expectRoundTrip(
  params: readonly ValType[],
  values: readonly unknown[],
  result: ValType | undefined,
  answer: unknown,
  encoding: StringEncoding,
): Promise<void> {
  const outcome = await roundTrip(params, values, result, answer, encoding);
  expect(outcome.args).toEqual(values);
  expect(outcome.returned).toEqual(answer);
  expect(outcome.seen).toEqual(plain(values));
  expect(outcome.stored).toEqual(plain(answer));
  expect(outcome.cleaned).toBe(true);
}

const encodings = ['utf8', 'utf16', 'latin1+utf16'] as const;

describe.each(encodings)('values through a guest in %s', (encoding) => {
  test('any parameters and results arrive as they were sent, laid out as the specification says', async () => {
    const call = fc
      .record({ params: fc.array(anyType, { maxLength: 5 }), result: fc.option(anyType, { nil: undefined }) })
      .chain(({ params, result }) =>
        fc.record({
          params: fc.constant(params),
          values: fc.tuple(...params.map(anyValue)),
          result: fc.constant(result),
          answer: result === undefined ? fc.constant(undefined) : anyValue(result),
        }),
      );
    await fc.assert(
      fc.asyncProperty(call, ({ params, values, result, answer }) =>
        expectRoundTrip(params, values, result, answer, encoding),
      ),
      { numRuns: 250 },
    );
  }, 120_000);

  test('each type alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyType.chain((type) => anyValue(type).map((value) => ({ type, value }))),
        ({ type, value }) => expectRoundTrip([type], [value], type, value, encoding),
      ),
      { numRuns: 250 },
    );
  }, 120_000);
});

describe('edges', () => {
  const u8: ValType = { kind: 'u8' };

  test.each([16, 17, 40])('%i parameters', async (count) => {
    const params = Array.from({ length: count }, (_, index): ValType => ({
      kind: index % 2 === 0 ? 'u64' : 's8',
    }));
    const values = params.map((type, index) => (type.kind === 'u64' ? BigInt(index) ** 9n : -index));
    await expectRoundTrip(params, values, { kind: 'f32' }, 0.5, 'utf8');
  });

  test.each([1, 8, 9, 16, 17, 32])('%i flags', async (count) => {
    const type = flags(count);
    const value = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`flagN${index}`, index % 3 === 0]),
    );
    await expectRoundTrip(
      [type, { kind: 'list', element: type }],
      [value, [value, value]],
      type,
      value,
      'utf8',
    );
  });

  test.each([256, 257, 65_537])('%i cases', async (count) => {
    const type = enumeration(count);
    const last = `case-n${count - 1}`;
    const optional: ValType = { kind: 'option', element: type };
    await expectRoundTrip(
      [type, { kind: 'tuple', elements: [u8, optional] }],
      [last, [7, last]],
      optional,
      last,
      'utf8',
    );
  });

  test('options within options keep apart what is none', async () => {
    const one: ValType = { kind: 'option', element: u8 };
    const two: ValType = { kind: 'option', element: one };
    const three: ValType = { kind: 'option', element: two };
    const values = [undefined, { tag: 'none' }, { tag: 'some', val: undefined }, { tag: 'some', val: 4 }];
    await expectRoundTrip(
      [one, two, two, two, three, three, three],
      [undefined, ...values.slice(1), undefined, { tag: 'none' }, { tag: 'some', val: 4 }],
      two,
      { tag: 'some', val: undefined },
      'utf8',
    );
  });

  test('payloads of different core types share their place', async () => {
    const type: ValType = {
      kind: 'variant',
      cases: (['f32', 'f64', 's32', 'u64', 'string', 'bool'] as const).map((kind) => ({
        name: kind,
        type: { kind },
      })),
    };
    for (const [tag, val] of Object.entries({
      f32: -0.25,
      f64: 1e300,
      s32: -7,
      u64: 2n ** 63n,
      string: 'é',
      bool: true,
    })) {
      await expectRoundTrip(
        [type, type],
        [
          { tag, val },
          { tag, val },
        ],
        type,
        { tag, val },
        'utf8',
      );
    }
    const small: ValType = {
      kind: 'variant',
      cases: [
        { name: 'a', type: { kind: 'f32' } },
        { name: 'b', type: u8 },
      ],
    };
    await expectRoundTrip(
      [small, small],
      [
        { tag: 'a', val: 1.5 },
        { tag: 'b', val: 9 },
      ],
      small,
      { tag: 'a', val: -1.5 },
      'utf8',
    );
  });

  test('halves of surrogate pairs become replacement characters', async () => {
    for (const encoding of encodings) {
      const outcome = await roundTrip(
        [{ kind: 'string' }],
        ['a\ud800b'],
        { kind: 'string' },
        '\udc00',
        encoding,
      );
      expect(outcome.args).toEqual(['a\ufffdb']);
      expect(outcome.returned).toBe('\ufffd');
    }
  });

  test('a long list of bytes is a copy', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    const list: ValType = { kind: 'list', element: u8 };
    const { args, returned } = await roundTrip([list], [bytes], list, bytes, 'utf8');
    for (const copy of [args[0], returned]) {
      expect(Buffer.from(copy as Uint8Array).equals(bytes)).toBe(true);
      expect((copy as Uint8Array).buffer).not.toBe(bytes.buffer);
    }
  });

  test('layouts of the reference itself', () => {
    const type: ValType = {
      kind: 'tuple',
      elements: [u8, { kind: 'u64' }, { kind: 'option', element: { kind: 'u16' } }],
    };
    expect([size(type), alignment(type), flat(type)]).toEqual([24, 8, ['i32', 'i64', 'i32', 'i32']]);
  });
});
