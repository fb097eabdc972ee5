import { readFile } from 'node:fs/promises';
import { TerminalError } from '../../base/errors';
import {
  withoutVersion,
  type Engine,
  type EngineRuntime,
  type GuestFunction,
  type HostImports,
  type Instance,
  type LoadedComponent,
  type PrepareOptions,
  type Prepared,
} from '../engine/engine';
import { translatedExports } from '../wasi/translated-exports';
import { compile, type CompiledComponent } from './compile';
import { InvalidComponent } from './errors';
import type { ExportedInterface } from './exports';
import { instantiate } from './instantiate';
import { carriedExports, carriedImports, isLinked, type Uncarried } from './interfaces';

/** A component compiled in memory; the modules within it cross to workers without being compiled again. */
export interface PreparedComponent extends Prepared {
  readonly compiled: CompiledComponent;
}

/** Functions of the host's own capabilities that may wait. Of all other packages every function may: it may be a call over the lattice. */
const waiting = new Set([
  'wasi:io/poll#poll',
  'wasi:io/poll#[method]pollable.block',
  'wasi:io/streams#[method]input-stream.blocking-read',
  'wasi:io/streams#[method]input-stream.blocking-skip',
  'wasi:io/streams#[method]output-stream.blocking-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-zeroes-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-splice',
]);
const own = /^wasi:(cli|clocks|config|filesystem|http|io|logging|random|sockets)\//;

/** Whether a function of the host may answer with a promise. */
export function mayWait(interfaceName: string, func: string): boolean {
  return own.test(interfaceName) ? waiting.has(`${withoutVersion(interfaceName)}#${func}`) : true;
}

/** Runs components by the runtime of this folder: nothing is translated, and nothing kept on disk. */
export class ComponentEngine implements Engine {
  async prepare(
    wasmPath: string,
    digest: string,
    { memoryBytes }: PrepareOptions,
  ): Promise<PreparedComponent> {
    try {
      const compiled = await compile(await readFile(wasmPath), { memoryBytes, remote: isLinked });
      const { imports, exports } = compiled.plan;
      const calls = carriedImports(compiled.plan);
      const serves = carriedExports(compiled.plan);
      if (calls.uncarried[0] !== undefined) throw unsupported(wasmPath, calls.uncarried[0]);
      const exported = [...exports]
        .filter(([, { kind }]) => kind === 'instance' || kind === 'func')
        .map(([name]) => name);
      return {
        digest,
        imports: [...imports.keys()],
        exports: exported,
        calls: calls.interfaces,
        serves: [...serves.interfaces, ...translatedExports(exported)],
        unserved: serves.uncarried.map(({ function: name, why }) => `${name}: ${why}`),
        compiled,
      };
    } catch (error) {
      if (!(error instanceof InvalidComponent)) throw error;
      throw new TerminalError('InvalidComponent', `${wasmPath}: ${error.message}`, undefined, {
        cause: error,
      });
    }
  }
}

export class ComponentRuntime implements EngineRuntime {
  async load(prepared: Prepared): Promise<LoadedComponent> {
    const { compiled } = prepared as PreparedComponent;
    return { instantiate: (imports) => instanceOf(compiled, imports) };
  }
}

async function instanceOf(compiled: CompiledComponent, imports: HostImports): Promise<Instance> {
  const { exports } = await instantiate(compiled, imports, { mayWait });
  const asynchronous: Record<string, Record<string, GuestFunction>> = {};
  for (const [name, item] of Object.entries(exports)) {
    // A function of the world is an interface of its own name, as it is among the imports.
    const members: ExportedInterface = typeof item === 'function' ? { default: item } : item;
    asynchronous[name] = Object.fromEntries(
      Object.entries(members)
        // Classes of the guest's own resources mean nothing outside of its thread: they are not offered.
        .filter(([member]) => !/^[A-Z]/.test(member))
        .map(([member, func]) => [member, async (...args) => func(...args)]),
    );
  }
  return { exports: asynchronous };
}

function unsupported(wasmPath: string, { function: name, why }: Uncarried): TerminalError {
  return new TerminalError(
    'UnsupportedImport',
    `${wasmPath}: import ${name} cannot be called over the lattice, as ${why}`,
    'Handles to what is of this host or this component mean nothing elsewhere: pass values instead',
  );
}
