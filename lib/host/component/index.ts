/** A runtime for WebAssembly components of WASI 0.2: parser, linker and canonical ABI. */

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
