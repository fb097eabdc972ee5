/**
 * A runtime for WebAssembly components of WASI 0.2.
 *
 * Once a component, on any thread ({@link compile}): `binary` reads the bytes as they are written, `resolve` evaluates all nesting and
 * aliasing to a flat plan, `generate` writes JavaScript that passes the values of each function (`lift` towards JavaScript, `lower` towards
 * the guest), V8 compiles the core modules. The outcome is plain data and crosses threads.
 *
 * Once an instance ({@link instantiate}): the plan's core instances are linked with that code, with handle tables and with the host's
 * functions, of which those that may wait suspend the guest's stack and not the thread.
 */

export { compile, type CompiledComponent, type CompileOptions } from './compile';
export { InvalidComponent, Trap } from './errors';
export type { ComponentExports, ExportedInterface } from './exports';
export { instantiate, type ComponentInstance, type InstantiateOptions } from './instantiate';
export type { ExportedItem, ImportedInterface, Plan } from './plan';
export {
  camelCase,
  parseFuncName,
  pascalCase,
  type FuncType,
  type ResourceType,
  type ValType,
} from './types';
export { witFunction, witType } from './wit-shape';
