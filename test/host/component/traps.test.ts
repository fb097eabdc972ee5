import { compile, instantiate, InvalidComponent, Trap, type ValType } from '../../../lib/host/component';
import { WitError } from '../../../lib/host/engine/engine';
import { scriptedComponent, words, write, type Script } from './scripted-component';
import { op } from './wasm-writer';

type Run = (...args: unknown[]) => unknown;

async function scripted(
  script: Script,
  call: () => unknown = () => undefined,
  options: { mayWait?: () => boolean; memoryBytes?: number } = {},
): Promise<Run> {
  const { memoryBytes, ...rest } = options;
  const compiled = await compile(scriptedComponent(script), memoryBytes === undefined ? {} : { memoryBytes });
  return (await instantiate(compiled, { call: { default: call } }, rest)).exports['run'] as Run;
}

const string: ValType = { kind: 'string' };
const list = (element: ValType): ValType => ({ kind: 'list', element });
const pointer = (address: number, length: number) => [write(64, words(address, length)), op.i32(64)];

describe('a guest that returns what is no value ends', () => {
  const bytes = (...given: number[]) => [write(128, given), pointer(128, given.length)];
  const cases: [string, ValType, Script['run'], RegExp][] = [
    ['a string that is cut off', string, bytes(0x61, 0xe2, 0x82), /string is not UTF-8/],
    ['a string with an overlong form', string, bytes(0xc0, 0x80), /string is not UTF-8/],
    ['a string with half a surrogate pair', string, bytes(0xed, 0xa0, 0x80), /string is not UTF-8/],
    [
      'a long string with a wrong byte',
      string,
      bytes(...Array<number>(40).fill(0x61), 0xff),
      /string is not UTF-8/,
    ],
    ['a string outside of memory', string, pointer(65_530, 7), /reach out of memory/],
    ['a string beyond all addresses', string, pointer(-1, -1), /reach out of memory|bytes in one call/],
    ['a list outside of memory', list({ kind: 'u64' }), pointer(8, 70_000), /reach out of memory/],
    ['a list of too many', list({ kind: 'bool' }), pointer(0, -1), /bytes in one call/],
    ['a list that is not aligned', list({ kind: 'u32' }), pointer(130, 1), /not aligned to 4/],
    ['a result outside of memory', string, op.i32(65_532), /reach out of memory/],
    ['a result that is not aligned', string, op.i32(66), /not aligned to 4/],
    ['a surrogate as a character', { kind: 'char' }, op.i32(0xd800), /is not a character/],
    ['a character beyond Unicode', { kind: 'char' }, op.i32(0x110000), /is not a character/],
    ['a case that is none', { kind: 'enum', labels: ['a', 'b'] }, op.i32(2), /there is no case 2/],
    [
      'a result that is none',
      { kind: 'result', ok: undefined, err: undefined },
      op.i32(7),
      /there is no case 7/,
    ],
    [
      'an option that is none',
      { kind: 'option', element: { kind: 'u8' } },
      [write(64, [2]), op.i32(64)],
      /there is no case 2/,
    ],
  ];

  test.each(cases)('%s', async (_, result, run, message) => {
    const broken = await scripted({ result, run });
    expect(() => broken()).toThrow(message);
    expect(() => broken()).toThrow(/run: cannot enter a component instance that has trapped/);
  });

  test.each([
    ['utf16', [0x00, 0xd8, 0x61, 0x00], 2, /not UTF-16/],
    ['latin1+utf16', [0x00, 0xdc], 1 + 2 ** 31, /not UTF-16/],
  ] as const)('a half of a pair in %s', async (encoding, given, length, message) => {
    const run = await scripted({
      result: string,
      encoding,
      run: [write(128, given), pointer(128, length | 0)],
    });
    expect(() => run()).toThrow(message);
  });

  test('one string a thousand times is counted a thousand times', async () => {
    const each = words(1024, 50_000);
    const run = [write(60_000, Array.from({ length: 600 }, () => each).flat()), pointer(60_000, 600)];
    const greedy = await scripted({ result: list(string), run });
    expect(() => greedy()).toThrow(/guest passed more than 16777216 bytes in one call/);
  });
});

describe('a guest whose allocator', () => {
  const params = [string];
  test.each([
    ['fails', op.unreachable, /unreachable/],
    ['gives what it does not have', op.i32(65_530), /reach out of memory/],
    ['gives what it cannot address', op.i32(-4), /reach out of memory/],
    ['calls the host', [op.call(0), op.i32(1024)], /guest called an import while it allocated/],
  ])('%s is ended', async (_, realloc, message) => {
    const run = await scripted({ params, realloc, run: [] });
    expect(() => run('hello world')).toThrow(message);
    expect(() => run('hello world')).toThrow(/cannot enter/);
  });

  test('does not align is ended', async () => {
    const run = await scripted({ params: [list({ kind: 'u32' })], realloc: op.i32(1026), run: [] });
    expect(() => run([1])).toThrow(/address 1026 is not aligned to 4/);
  });
});

describe('calls', () => {
  test('cleaning up may not call the host', async () => {
    const run = await scripted({ run: [], cleanup: op.call(0) });
    expect(() => run()).toThrow(/while it allocated or cleaned up/);
  });

  test('a trap is an error of WebAssembly, and the last word', async () => {
    const run = await scripted({ run: op.unreachable });
    expect(() => run()).toThrow(WebAssembly.RuntimeError);
    expect(() => run()).toThrow(Trap);
  });

  test('endless recursion ends the instance alone', async () => {
    const run = await scripted({ run: [op.call(2)] });
    expect(() => run()).toThrow(RangeError);
    expect((await scripted({ run: [] }))()).toBeUndefined();
  });

  test('the host cannot enter an instance that is calling it', async () => {
    let run: Run = () => undefined;
    run = await scripted({ run: op.call(0) }, () => run());
    expect(() => run()).toThrow(/while it serves another call/);
  });

  test('an error of the host passes through unchanged', async () => {
    const failure = new Error('disk on fire');
    const run = await scripted({ run: op.call(0) }, () => {
      throw failure;
    });
    expect(() => run()).toThrow(failure);
    expect(() => run()).toThrow(/cannot enter/);
  });

  test('an error case that a function does not have is no answer of the guest', async () => {
    const run = await scripted({ run: op.call(0) }, () => {
      throw new WitError('closed');
    });
    expect(() => run()).toThrow(Trap);
  });

  test('a promise where none may be is refused', async () => {
    const run = await scripted({ run: op.call(0) }, () => Promise.resolve());
    expect(() => run()).toThrow(/call: a promise was returned, though the function is not one that may wait/);
  });

  const wrong: [string, ValType, unknown][] = [
    ['a number for a string', string, 5],
    ['too great a number', { kind: 'u8' }, 256],
    ['a fraction', { kind: 's32' }, 1.5],
    ['a string for a number', { kind: 'f64' }, '1'],
    ['too great an integer', { kind: 'u64' }, 2n ** 64n],
    ['nothing for a boolean', { kind: 'bool' }, undefined],
    ['two characters for one', { kind: 'char' }, 'ab'],
    ['an unknown case', { kind: 'enum', labels: ['a'] }, 'b'],
    ['an unknown tag', { kind: 'result', ok: undefined, err: undefined }, { tag: 'maybe' }],
    ['a short tuple', { kind: 'tuple', elements: [{ kind: 'u8' }, { kind: 'u8' }] }, [1]],
    ['an object for a list', list(string), { length: 0 }],
    ['a list of what is no number', list({ kind: 'u16' }), [1, 70_000]],
  ];
  test.each(wrong)('%s is not passed to a guest', async (_, type, value) => {
    const run = await scripted({ params: [type], run: [] });
    expect(() => run(value)).toThrow(/^run: expected/);
  });
});

describe('functions that may wait', () => {
  const mayWait = () => true;
  const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  test('hold up the guest and nothing else', async () => {
    const run = await scripted({ run: [op.call(0), op.call(0)] }, soon, { mayWait });
    const call = run() as Promise<unknown>;
    expect(call).toBeInstanceOf(Promise);
    expect(() => run()).toThrow(/while it serves another call/);
    await expect(call).resolves.toBeUndefined();
    await expect(run()).resolves.toBeUndefined();
  });

  test('may answer at once', async () => {
    const run = await scripted({ run: op.call(0) }, undefined, { mayWait });
    await expect(run()).resolves.toBeUndefined();
  });

  test('pass on their failure', async () => {
    const failure = new Error('unplugged');
    const run = await scripted({ run: op.call(0) }, () => Promise.reject(failure), { mayWait });
    await expect(run()).rejects.toBe(failure);
    expect(() => run()).toThrow(/cannot enter/);
  });

  test('may be called by a guest that starts', async () => {
    const waited: string[] = [];
    const call = async (): Promise<void> => {
      waited.push('before');
      await soon();
      waited.push('after');
    };
    const run = await scripted({ run: [], start: op.call(0) }, call, { mayWait });
    expect(waited).toEqual(['before', 'after']);
    await expect(run()).resolves.toBeUndefined();
  });

  test('are not resumed once the instance is disposed of', async () => {
    const compiled = await compile(scriptedComponent({ run: op.call(0) }));
    const instance = await instantiate(compiled, { call: { default: soon } }, { mayWait });
    const call = (instance.exports['run'] as Run)();
    instance.dispose();
    await expect(call).rejects.toThrow(/disposed/);
  });

  test('memory that grows meanwhile is seen', async () => {
    const run = await scripted(
      {
        params: [string],
        result: string,
        run: [
          op.call(0),
          op.i32(1),
          op.memoryGrow,
          op.drop,
          write(64, []),
          op.i32(64),
          op.get(0),
          op.store('i32'),
          op.i32(68),
          op.get(1),
          op.store('i32'),
          op.i32(64),
        ],
      },
      soon,
      { mayWait },
    );
    await expect(run('grown')).resolves.toBe('grown');
  });
});

describe('memory', () => {
  const grow = {
    result: { kind: 's32' } as ValType,
    run: [op.i32(8), op.memoryGrow],
    pages: [1, 100] as const,
  };

  test('grows up to the limit', async () => {
    expect((await scripted(grow, undefined, { memoryBytes: 10 * 65_536 }))()).toBe(1);
    expect((await scripted(grow, undefined, { memoryBytes: 8 * 65_536 }))()).toBe(-1);
  });

  test('of more than the limit from the start is refused', async () => {
    const greedy = scripted({ run: [], pages: [20, 20] }, undefined, { memoryBytes: 10 * 65_536 });
    await expect(greedy).rejects.toThrow(/1310720 bytes of memory/);
  });

  test('a type that needs one must have one', async () => {
    const bytes = scriptedComponent({ params: [string], run: [] });
    // Without the options of `run` its string has nowhere to be.
    const options = Buffer.from(bytes).lastIndexOf(
      Buffer.from([0x04, 0x00, 0x03, 0x00, 0x04, 0x01, 0x05, 0x03]),
    );
    const without = Uint8Array.from(bytes);
    without.set([0x04, 0x00, 0x00, 0x00, 0x00], options);
    await expect(compile(without)).rejects.toThrow(InvalidComponent);
  });
});
