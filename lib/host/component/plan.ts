/**
 * A component, flattened: which core modules to instantiate in which order, and what to wire where. All of the component model's
 * structure (nested components, aliases, re-exports) is gone; what remains is plain data that crosses threads by structured clone.
 */

import type { StringEncoding } from './syntax';
import type { FuncType, ResourceType, ValType } from './types';

/** Something that a core instance exports. */
export interface CoreExport {
  readonly instance: number;
  readonly name: string;
}

/** A core definition that an import of a core module can be given. */
export type CoreItem =
  { readonly from: 'export'; readonly export: CoreExport } | { readonly from: 'func'; readonly func: number };

/** The canonical options of a function, resolved. */
export interface AbiOptions {
  readonly encoding: StringEncoding;
  readonly memory: CoreExport | undefined;
  readonly realloc: CoreItem | undefined;
  readonly postReturn: CoreItem | undefined;
}

/** A function at the level of components: one of the host's, or a lifted core function. */
export type FuncSource =
  { readonly from: 'import'; readonly index: number } | { readonly from: 'lift'; readonly index: number };

export interface ImportedFunc {
  /** Name of the interface; the name of the function itself for a function of the world. */
  readonly interface: string;
  /** WIT name, `[method]fields.get`; `undefined` for a function of the world. */
  readonly name: string | undefined;
  readonly type: FuncType;
  /** The resource whose constructor, method or static function it is. */
  readonly resource: ResourceType | undefined;
}

export interface LiftedFunc {
  /** Where the component defines it. */
  readonly offset: number;
  readonly core: CoreItem;
  readonly options: AbiOptions;
  readonly type: FuncType;
  /** Component instance that is entered. */
  readonly owner: number;
}

/** A core function that the runtime makes: what a component's `canon` section defines. */
export type CanonFunc =
  | {
      readonly kind: 'lower';
      readonly offset: number;
      readonly func: FuncSource;
      readonly type: FuncType;
      readonly options: AbiOptions;
      readonly owner: number;
    }
  | {
      readonly kind: 'resource.new' | 'resource.drop' | 'resource.rep';
      readonly resource: ResourceType;
      readonly owner: number;
    };

export interface CoreInstance {
  /** Position in the compiled component's list of modules. */
  readonly module: number;
  /** By name of the imported module: another core instance, or single definitions by name. */
  readonly args: ReadonlyMap<string, CoreArgument>;
}

export type CoreArgument =
  | { readonly from: 'instance'; readonly instance: number }
  | { readonly from: 'items'; readonly items: ReadonlyMap<string, CoreItem> };

export type ExportedItem =
  | { readonly kind: 'func'; readonly func: FuncSource; readonly type: FuncType }
  | { readonly kind: 'type'; readonly type: ValType }
  | { readonly kind: 'resource'; readonly resource: ResourceType }
  | { readonly kind: 'instance'; readonly items: ReadonlyMap<string, ExportedItem> };

export interface ImportedInterface {
  readonly funcs: ReadonlyMap<string, FuncType>;
  readonly resources: readonly ResourceType[];
}

export interface Plan {
  /** Ranges of bytes of the component, one a module. */
  readonly modules: readonly { readonly start: number; readonly end: number }[];
  readonly coreInstances: readonly CoreInstance[];
  readonly canonFuncs: readonly CanonFunc[];
  readonly importedFuncs: readonly ImportedFunc[];
  readonly liftedFuncs: readonly LiftedFunc[];
  readonly resources: readonly ResourceType[];
  /** Destructors of the component's own resources, by resource id. */
  readonly destructors: ReadonlyMap<number, CoreItem>;
  /** How many component instances there are: each has a table of handles. */
  readonly componentInstances: number;
  /** By name as the component imports it; a function of the world is an interface of its own name with one function `default`. */
  readonly imports: ReadonlyMap<string, ImportedInterface>;
  readonly exports: ReadonlyMap<string, ExportedItem>;
}
