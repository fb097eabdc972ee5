/**
 * The seam between the host and whatever runs a component's code. An engine has two sides: the main thread *prepares* a component once
 * (validation, memory limit, compilation), worker threads *load* what was prepared and instantiate it as often as they like. No guest code
 * runs on the main thread.
 *
 * JavaScript values of WIT types, on both sides of every call:
 *
 * | WIT | JavaScript |
 * |---|---|
 * | `bool`, `string`, `char` | boolean, string, string |
 * | `u8`…`s32`, `f32`, `f64` | number |
 * | `u64`, `s64` | bigint |
 * | `list<u8>`, `list<s64>`, … | Uint8Array, BigInt64Array, … (a copy: neither side sees the other's later writes); to the guest also an array |
 * | `list<T>` of anything else, `tuple<…>` | array |
 * | `record`, `flags` | object with camelCase keys (flags: of booleans) |
 * | `variant` | `{ tag: 'kebab-case', val }`, `val` absent without a payload |
 * | `enum` | `'kebab-case'` |
 * | `option<T>` | value or `undefined`; an option that is itself inside an option is `{ tag: 'some' \| 'none', val }` |
 * | `result<T, E>` returned by a function | the `T`, or a thrown {@link WitError} whose `payload` is the `E` |
 * | `result<T, E>` anywhere else | `{ tag: 'ok' \| 'err', val }` |
 * | `own<R>`, `borrow<R>` of the host's | an instance of the class given for `R` in {@link HostImports} |
 */

import type { WitInterface } from '../../lattice/wrpc/types';

export { WitError, isWitError } from '../../base/wit-error';

/** Bounds that are built into the prepared component. */
export interface PrepareOptions {
  /** Most bytes that the linear memory of an instance may grow to, in whole pages of 64 KiB; several memories share it in equal parts. */
  readonly memoryBytes: number;
}

/** A component that is ready to be loaded. It crosses to workers by structured clone. */
export interface Prepared {
  /** Digest of the component, `sha256:…`. */
  readonly digest: string;
  /** What the component imports and exports: `wasi:http/types@0.2.3`, or the plain name of a function of the world. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** What it calls over the lattice: imports that are not of the host's own. */
  readonly calls: readonly WitInterface[];
  /** What it answers over the lattice, the same way; functions of the world itself belong to an interface `''`. */
  readonly serves: readonly WitInterface[];
  /** Exported functions that cannot be called over the lattice, each with the reason. */
  readonly unserved: readonly string[];
}

/** The main thread's side. */
export interface Engine {
  /**
   * Makes the component at `wasmPath` ready.
   * @throws TerminalError `InvalidComponent` when the file is not a component that can run, `UnsupportedImport` when it imports a function
   * that cannot be called over the lattice.
   */
  prepare(wasmPath: string, digest: string, options: PrepareOptions): Promise<Prepared>;
}

/** A function of the host. It may return a promise: the guest waits, the thread does not. */
export type HostFunction = (...args: never[]) => unknown;

/**
 * A resource of the host: its constructor is WIT's, methods and statics have WIT's names in camelCase. `[Symbol.dispose]()`, where there
 * is one, runs when the guest drops its own handle.
 */
export type HostResource = abstract new (...args: never[]) => object;

/** One interface of the host, by camelCase function name or PascalCase resource name. */
export type HostInterface = Readonly<Record<string, HostFunction | HostResource>>;

/**
 * What the host offers, by interface: `wasi:http/types` serves every version that the component may ask for, `wasi:http/types@0.2.3` only
 * that one and is preferred. A function imported by the world itself has its own name as the key and `default` as the function.
 */
export type HostImports = Readonly<Record<string, HostInterface>>;

/** A function of the guest. */
export type GuestFunction = (...args: unknown[]) => Promise<unknown>;

/** One instance of a component. It serves one call at a time: the caller waits for the answer before the next. */
export interface Instance {
  /**
   * By interface as the component names it (`wasi:http/incoming-handler@0.2.2`), then by camelCase function.
   *
   * A call that rejects with anything but a {@link WitError} has trapped: the instance must not be used again.
   */
  readonly exports: Readonly<Record<string, Readonly<Record<string, GuestFunction>>>>;
}

/** A component compiled in this thread. */
export interface LoadedComponent {
  /** @throws ImportMissingError when `imports` lacks something that the component needs. */
  instantiate(imports: HostImports): Promise<Instance>;
}

/** The worker's side. */
export interface EngineRuntime {
  /** Called once a component and thread. */
  load(prepared: Prepared): Promise<LoadedComponent>;
}

/** A component needs something that the host was not told to offer. */
export class ImportMissingError extends Error {
  override readonly name = 'ImportMissingError';
  constructor(
    /** Name of the interface, as the component imports it. */
    readonly importName: string,
    /** Name of the function or resource within it, where only that is missing. */
    readonly member?: string,
  ) {
    super(`Nothing is offered for import ${importName}${member === undefined ? '' : `#${member}`}`);
  }
}

/** `wasi:http/types@0.2.3` without its version. */
export function withoutVersion(name: string): string {
  const at = name.indexOf('@');
  return at === -1 ? name : name.slice(0, at);
}
