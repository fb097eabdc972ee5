import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { TerminalError, messageOf } from '../../base/errors';
import {
  ImportMissingError,
  withoutVersion,
  type Engine,
  type EngineRuntime,
  type HostImports,
  type HostInterface,
  type Instance,
  type LoadedComponent,
  type PrepareOptions,
  type Prepared,
} from './engine';
import { limitMemory } from './memory-limit';
import { PreparedCache } from './prepared-cache';

/** Part of every cache key: to be raised with anything that changes what is written. */
const engineVersion = 'jco-1.35.0-1';
const transpileTimeoutMs = 120_000;

/** Functions of the host that may wait. jco makes every call of these dear, so they are named instead of taking all. */
const waiting = [
  'wasi:io/poll#poll',
  'wasi:io/poll#[method]pollable.block',
  'wasi:io/streams#[method]input-stream.blocking-read',
  'wasi:io/streams#[method]input-stream.blocking-skip',
  'wasi:io/streams#[method]output-stream.blocking-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-write-zeroes-and-flush',
  'wasi:io/streams#[method]output-stream.blocking-splice',
];

/** Runs in a process of its own, as jco may be led astray by a hostile component and takes up to 330 MB. */
const transpileScript = `
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
const [jco, wasm, dir, waiting] = process.argv.slice(1);
const { transpileBytes } = await import(jco + '/dist/transpile.js');
const { componentWit } = await import(jco + '/dist/wasm-tools.js');
const bytes = await readFile(wasm);
const wit = await componentWit(bytes);
const { files, imports } = await transpileBytes(bytes, {
  name: 'component', instantiation: 'async', emitTypescriptDeclarations: false, base64Cutoff: 0,
  asyncMode: 'jspi', asyncImports: JSON.parse(waiting), asyncExports: ['wasi:http/incoming-handler#handle', 'wasi:cli/run#run'],
});
for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
const world = wit.slice(wit.indexOf('world root {'));
const names = (word) => [...world.slice(0, world.indexOf('\\n}')).matchAll(new RegExp('^  ' + word + ' ([^\\\\s;]+?)[:;](?: |$)', 'gm'))].map((m) => m[1]);
process.stdout.write(JSON.stringify({ imports: names('import'), exports: names('export'), keys: imports }));
`;

interface Meta {
  readonly imports: string[];
  readonly exports: string[];
  /** Names under which the generated code looks imports up. */
  readonly keys: string[];
}

/** Components translated to JavaScript and core modules by jco. */
export class JcoEngine implements Engine {
  private readonly cache: PreparedCache;

  /**
   * @param cacheDir Folder for what is prepared, shared by all processes of the machine.
   * @param tools Folder whose `node_modules` has `@bytecodealliance/jco`.
   */
  constructor(
    cacheDir: string,
    private readonly tools: string,
  ) {
    this.cache = new PreparedCache(cacheDir);
  }

  async prepare(wasmPath: string, digest: string, { memoryBytes }: PrepareOptions): Promise<Prepared> {
    const key = createHash('sha256').update(`${digest} ${engineVersion} ${memoryBytes}`).digest('hex');
    const { dir, meta } = await this.cache.entry(key, (into) => this.transpile(wasmPath, into, memoryBytes));
    return { engine: 'jco', digest, dir, imports: meta.imports, exports: meta.exports };
  }

  private async transpile(wasmPath: string, dir: string, memoryBytes: number): Promise<Meta> {
    const jco = path.join(this.tools, 'node_modules/@bytecodealliance/jco-transpile');
    const args = [pathToFileURL(jco).href, wasmPath, dir, JSON.stringify(waiting)];
    let meta: Meta;
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', transpileScript, ...args],
        { env: {}, timeout: transpileTimeoutMs, maxBuffer: 16 << 20 },
      );
      meta = JSON.parse(stdout) as Meta;
    } catch (error) {
      throw new TerminalError(
        'InvalidComponent',
        `${wasmPath} is not a component that can run: ${reasonOf(error)}`,
        'Build it as a component of WASI 0.2; wasm-tools validate tells what is wrong',
        { cause: error },
      );
    }
    for (const file of await readdir(dir)) {
      if (!file.endsWith('.wasm')) continue;
      const module = path.join(dir, file);
      await writeFile(module, limitMemory(await readFile(module), memoryBytes));
    }
    await writeFile(path.join(dir, 'keys.json'), JSON.stringify(meta.keys));
    return meta;
  }
}

/** The first line of the child's complaint that says something. */
function reasonOf(error: unknown): string {
  const stderr = (error as { stderr?: string }).stderr ?? '';
  const line = stderr.split('\n').find((text) => /error|failed|invalid/i.test(text));
  return line?.trim() ?? messageOf(error).split('\n')[0] ?? 'unknown';
}

/** What jco generates. */
interface Generated {
  instantiate(
    getModule: (file: string) => Promise<WebAssembly.Module>,
    imports: Record<string, HostInterface>,
  ): Promise<Instance['exports']>;
}

export class JcoRuntime implements EngineRuntime {
  async load(prepared: Prepared): Promise<LoadedComponent> {
    const file = (name: string): string => path.join(prepared.dir, name);
    const generated = (await import(pathToFileURL(file('component.js')).href)) as Generated;
    const keys = JSON.parse(await readFile(file('keys.json'), 'utf8')) as string[];
    const modules = new Map<string, Promise<WebAssembly.Module>>();
    const compile = (name: string): Promise<WebAssembly.Module> => {
      const module = modules.get(name) ?? readFile(file(name)).then((bytes) => WebAssembly.compile(bytes));
      modules.set(name, module);
      return module;
    };
    return {
      instantiate: async (imports) => ({
        exports: await generated.instantiate(compile, select(imports, keys, prepared.imports)),
      }),
    };
  }
}

/** The generated code asks without versions, so the offers of all versions of an interface are one to it. */
function select(
  imports: HostImports,
  keys: readonly string[],
  wanted: readonly string[],
): Record<string, HostInterface> {
  const selected: Record<string, HostInterface> = {};
  for (const key of keys) {
    const full = wanted.find((name) => withoutVersion(name) === key) ?? key;
    const offer = imports[full] ?? imports[key];
    if (offer === undefined) throw new ImportMissingError(full);
    selected[key] = offer;
  }
  return selected;
}
