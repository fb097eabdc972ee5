import fc from 'fast-check';
import { TerminalError } from '../../../lib/base/errors';
import { compile, InvalidComponent, type ValType } from '../../../lib/host/component';
import { bindGlue } from '../../../lib/host/component/compile';
import { echoComponent } from './echo-component';
import { toolchainComponent } from './fixtures';
import {
  component,
  coreModule,
  flatten,
  name,
  section,
  typeIndex,
  unsigned,
  vector,
  type Bytes,
} from './wasm-writer';

const type: ValType = {
  kind: 'record',
  fields: [
    { name: 'some-text', type: { kind: 'option', element: { kind: 'string' } } },
    {
      name: 'a-list',
      type: { kind: 'list', element: { kind: 'result', ok: { kind: 'u64' }, err: { kind: 'char' } } },
    },
  ],
};

/** Whether the bytes are taken or refused by name; anything else is thrown on. */
async function verdict(bytes: Uint8Array): Promise<'taken' | 'refused'> {
  try {
    // What is generated for it must be JavaScript, whatever it is.
    bindGlue(await compile(bytes, { memoryBytes: 1 << 24 }));
    return 'taken';
  } catch (error) {
    if (error instanceof InvalidComponent || error instanceof TerminalError) return 'refused';
    throw error;
  }
}

describe('bytes that were tampered with', () => {
  let seeds: Uint8Array[];
  beforeAll(async () => {
    seeds = [
      await toolchainComponent('desk'),
      await toolchainComponent('pair'),
      echoComponent({ params: [type, type], result: type, encoding: 'utf16' }),
    ];
  });

  test('are taken or refused, and nothing worse', async () => {
    const verdicts = { taken: 0, refused: 0 };
    const at = fc.nat();
    const byte = fc.record({
      at,
      remove: fc.constant(1),
      insert: fc.uint8Array({ minLength: 1, maxLength: 1 }),
    });
    const splice = fc.record({
      at,
      remove: fc.nat(9),
      insert: fc
        .constantFrom([], [0xff, 0xff, 0xff, 0xff, 0x0f], [0x80, 0x80, 0x04], [0x7f, 0x00])
        .map((bytes) => Uint8Array.from(bytes)),
    });
    const change = fc.oneof({ weight: 4, arbitrary: byte }, { weight: 1, arbitrary: splice });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (which, changes) => {
          let bytes = Buffer.from(seeds[which] ?? []);
          for (const { at, remove, insert } of changes) {
            const start = at % bytes.length;
            bytes = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
          }
          verdicts[await verdict(bytes)]++;
        },
      ),
      { numRuns: 3000 },
    );
    // The changes reach both outcomes, so they are neither too coarse nor without effect.
    expect(verdicts.taken).toBeGreaterThan(50);
    expect(verdicts.refused).toBeGreaterThan(500);
  });

  test('that end anywhere are refused', async () => {
    for (const seed of seeds) {
      const whole = await verdict(seed);
      expect(whole).toBe('taken');
      for (let end = 0; end < seed.length; end += 7) {
        // Sections are optional, so what ends between two of them is a smaller component.
        expect(['taken', 'refused']).toContain(await verdict(seed.subarray(0, end)));
      }
    }
  });

  test('of nothing but noise are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        expect(await verdict(noise)).toBe('refused');
        await verdict(Buffer.concat([component(), noise]));
      }),
      { numRuns: 1000 },
    );
  });
});

const moduleStart = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

describe('what a few bytes can ask for', () => {
  const types = (...definitions: Bytes[]) => section(7, vector(definitions));
  const refused: [string, Uint8Array, RegExp][] = [
    [
      'a core module',
      Uint8Array.from(flatten([coreModule({ funcs: [] })])),
      /at byte 0: this is a core module, not a component/,
    ],
    ['nothing at all', new Uint8Array(), /at byte 0: unexpected end/],
    ['a vector of billions', component([7, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]), /vector of 4294967295 entries/],
    ['a section past the end', component([7, 9, 0]), /length 9 reaches past the end/],
    [
      'an integer without end',
      component([7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
      /integer is longer than 32 bits/,
    ],
    [
      'a name that is not UTF-8',
      component(section(10, vector([[0x00, 1, 0xff, 0x01, 0x00]]))),
      /name is not UTF-8/,
    ],
    ['a start function', component([9, 0]), /start functions are not supported/],
    ['an async function', component(types([0x43, 0, 0x01, 0])), /async/],
    ['a stream', component(types([0x66, 0x00])), /stream/],
    [
      'task.return',
      component(section(8, vector([[0x09, 0x01, 0x00, 0x00]]))),
      /canonical function task.return is not supported/,
    ],
    ['components in components in …', nestedComponents(40), /nested more than 16 deep/],
    ['types in types in …', component(types(nestedTypes(100))), /nested more than 32 deep/],
    ['a million instances', component(...doubling(20)), /more than 1000 component instances/],
    [
      'a type of a terabyte',
      component(types([0x6f, vector([[0x7d], [0x7d]])], ...pairs(40))),
      /takes \d+ bytes|nested more than/,
    ],
    ['a type of a hundred levels', component(types([0x70, 0x7d], ...chain(100))), /nested more than 64 deep/],
    [
      '33 flags',
      component(types([0x6e, vector(Array.from({ length: 33 }, (_, index) => name(`f${index}`)))])),
      /more than 32 flags/,
    ],
    ['an empty record', component(types([0x72, vector([])])), /record has nothing in it/],
    [
      'two fields that are one in JavaScript',
      component(
        types([
          0x72,
          vector([
            [name('a-b'), 0x7f],
            [name('A-B'), 0x7f],
          ]),
        ]),
      ),
      /has A-B twice/,
    ],
    [
      'a name that JavaScript has plans for',
      component(types([0x72, vector([[name('__proto__'), 0x7f]])])),
      /is not a name/,
    ],
    [
      'such a name of an import',
      component(types([0x42, vector([])]), section(10, vector([[0x00, name('__proto__'), 0x05, 0x00]]))),
      /"__proto__" is not a name/,
    ],
    ['a memory of 64 bits', component(section(1, [...moduleStart, section(5, [1, 0x04, 1])])), /64-bit/],
    ...[
      [0x5e, 0x7e, 1],
      [0x4e, 1, 0x50, 0, 0x5f, 0],
    ].map((objects): [string, Uint8Array, RegExp] => [
      `objects of the garbage collector (${objects.join()})`,
      component(section(1, [...moduleStart, section(1, [2, 0x60, 1, 0x64, 0x70, 0, objects])])),
      /garbage-collected/,
    ]),
    [
      'a table of all the memory',
      component(section(1, [...moduleStart, section(4, [1, 0x70, 0, unsigned(4_000_000_000)])])),
      /a table starts with 4000000000/,
    ],
    [
      'code that is none',
      component(section(1, [...moduleStart, section(3, [1, 0])])),
      /core module is not valid/,
    ],
    [
      'an index that points nowhere',
      component(section(11, vector([[0x00, name('run'), 0x01, 7, 0x00]]))),
      /there is no func 7/,
    ],
  ];
  test.each(refused)('%s is refused', async (_, bytes, message) => {
    const compiling = compile(bytes);
    await expect(compiling).rejects.toThrow(InvalidComponent);
    await expect(compiling).rejects.toThrow(message);
  });

  test.each([
    ['a core module without its imports', [], /imports function "f" of "m", and is given none/],
    [
      'a memory for a function',
      [section(2, vector([[0x00, 0x00, vector([])]]))],
      /imports function "f" of "m"/,
    ],
  ])('%s is refused', async (_, before, message) => {
    const provider = section(1, coreModule({ memory: [1, 1], funcs: [] }));
    const imports = [{ module: 'm', name: 'f', kind: { params: [], results: [] } }] as const;
    const args = before.length === 0 ? [] : [[name('m'), 0x12, 0x00]];
    const bytes = component(
      provider,
      section(1, coreModule({ imports, funcs: [] })),
      ...before,
      section(2, vector([[0x00, 0x01, vector(args)]])),
    );
    await expect(compile(bytes)).rejects.toThrow(message);
  });

  test('cases within cases, each written out, are refused before they fill the memory', async () => {
    // Every level doubles the code for values that are passed in registers, though their number grows by one.
    const nested = (depth: number): ValType => {
      const inner: ValType = depth === 0 ? { kind: 'u8' } : nested(depth - 1);
      return { kind: 'result', ok: inner, err: inner };
    };
    const echo = (param: ValType) =>
      compile(echoComponent({ params: [param], result: undefined, encoding: 'utf8' }));
    await expect(echo(nested(6))).resolves.toBeDefined();
    await expect(echo(nested(14))).rejects.toThrow(/types of its functions are too complex/);
  });

  test('memory is divided among all that ask for some', async () => {
    const memories = Array.from({ length: 33 }, () => section(2, vector([[0x00, 0x00, vector([])]])));
    const bytes = component(section(1, coreModule({ funcs: [], memory: [1, 100] })), ...memories);
    await expect(compile(bytes)).rejects.toThrow(/more than 32 memories/);
    const few = component(section(1, coreModule({ funcs: [], memory: [5, 100] })), ...memories.slice(0, 4));
    await expect(compile(few, { memoryBytes: 20 * 65_536 })).resolves.toBeDefined();
    await expect(compile(few, { memoryBytes: 19 * 65_536 })).rejects.toThrow(
      /starts with 327680 bytes of memory/,
    );
  });
});

function nestedComponents(depth: number): Uint8Array {
  let bytes = component();
  for (let level = 0; level < depth; level++) bytes = component(section(4, [...bytes]));
  return bytes;
}

function nestedTypes(depth: number): Bytes {
  let bytes: Bytes = [0x42, vector([])];
  for (let level = 0; level < depth; level++) bytes = [0x42, vector([[0x01, bytes]])];
  return bytes;
}

/** Components that each instantiate the one before twice. */
function doubling(levels: number): Bytes[] {
  const sections: Bytes[] = [section(4, [...component()])];
  for (let level = 0; level < levels; level++) {
    const inner = component(
      section(6, vector([[0x04, 0x02, 0x01, unsigned(level)]])),
      section(
        5,
        vector([
          [0x00, 0x00, vector([])],
          [0x00, 0x00, vector([])],
        ]),
      ),
    );
    sections.push(section(4, [...inner]));
  }
  return [...sections, section(5, vector([[0x00, unsigned(levels), vector([])]]))];
}

/** Types of two of the type before. */
function pairs(levels: number): Bytes[] {
  return Array.from({ length: levels }, (_, index) => [0x6f, vector([typeIndex(index), typeIndex(index)])]);
}

/** Lists of lists of … */
function chain(levels: number): Bytes[] {
  return Array.from({ length: levels }, (_, index) => [0x70, typeIndex(index)]);
}
