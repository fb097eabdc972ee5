import { compile, instantiate, type CompiledComponent } from '../../../lib/host/component';
import { toolchainComponent } from './fixtures';

type Func = (...args: unknown[]) => unknown;

let compiled: CompiledComponent;
beforeAll(async () => {
  compiled = await compile(await toolchainComponent('pair'));
});

async function pair(ask: () => unknown = () => 21, mayWait = false) {
  const { exports } = await instantiate(compiled, { ask: { default: ask } }, { mayWait: () => mayWait });
  return exports as Readonly<Record<'use' | 'relay' | 'pass' | 'peek' | 'ended', Func>>;
}

describe('components within a component', () => {
  test('pass strings between their memories, each in its own encoding', async () => {
    expect((await pair()).relay('grüße 😀')).toBe('grüße 😀!!');
  });

  test('pass resources, which end with their last owner', async () => {
    const { use, ended } = await pair();
    expect(use()).toBe(42);
    expect(ended()).toBe(21);
  });

  test('hand resources to the host', async () => {
    const { pass, peek, ended } = await pair();
    const box = pass() as Disposable;
    expect(peek(box)).toBe(21);
    box[Symbol.dispose]();
    expect(ended()).toBe(21);
    expect(() => peek(box)).toThrow(/expected a box/);
  });

  test('wait together for the host', async () => {
    const { use, relay } = await pair(() => new Promise((resolve) => setTimeout(() => resolve(4), 5)), true);
    expect(await use()).toBe(8);
    expect(await relay('waited')).toBe('waited!!');
  });

  test('end together', async () => {
    const { use, relay, ended } = await pair(() => {
      throw new Error('no answer');
    });
    expect(() => use()).toThrow('no answer');
    expect(() => relay('a')).toThrow(/cannot enter/);
    expect(() => ended()).toThrow(/cannot enter/);
  });
});

describe('a compiled component', () => {
  test('crosses threads as plain data', async () => {
    const copy = structuredClone({ ...compiled, modules: [] });
    const { exports } = await instantiate(
      { ...copy, modules: compiled.modules },
      { ask: { default: () => 3 } },
    );
    expect((exports['use'] as Func)()).toBe(6);
  });

  test('tells the types of what it imports and exports', () => {
    const u32 = { kind: 'u32' };
    expect(compiled.plan.imports.get('ask')?.funcs.get('default')).toEqual({ params: [], result: u32 });
    expect(compiled.plan.exports.get('relay')).toMatchObject({
      kind: 'func',
      type: { params: [{ name: 'text', type: { kind: 'string' } }], result: { kind: 'string' } },
    });
  });
});
