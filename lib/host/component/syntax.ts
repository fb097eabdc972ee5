/**
 * A component as it is written: sections in their order, indices unresolved. `resolve.ts` gives it meaning.
 */

export type CoreSort = 'func' | 'table' | 'memory' | 'global' | 'tag' | 'type' | 'module' | 'instance';
export type Sort = 'func' | 'value' | 'type' | 'component' | 'instance' | `core ${CoreSort}`;

export interface SortIndex {
  readonly sort: Sort;
  readonly index: number;
}

export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

export const primitives = [
  'bool',
  's8',
  'u8',
  's16',
  'u16',
  's32',
  'u32',
  's64',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
] as const;
export type Primitive = (typeof primitives)[number];

/** A value type where one is used: a primitive, or the index of a defined type. */
export type ValTypeRef = Primitive | number;

export type DefinedType =
  | { readonly kind: 'primitive'; readonly primitive: Primitive }
  | { readonly kind: 'record'; readonly fields: readonly Named<ValTypeRef>[] }
  | { readonly kind: 'variant'; readonly cases: readonly Named<ValTypeRef | undefined>[] }
  | { readonly kind: 'list' | 'option'; readonly element: ValTypeRef }
  | { readonly kind: 'tuple'; readonly elements: readonly ValTypeRef[] }
  | { readonly kind: 'flags' | 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'result'; readonly ok: ValTypeRef | undefined; readonly err: ValTypeRef | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: number };

export type TypeDefinition =
  | DefinedType
  | {
      readonly kind: 'func';
      readonly params: readonly Named<ValTypeRef>[];
      readonly result: ValTypeRef | undefined;
    }
  | { readonly kind: 'instance' | 'component'; readonly declarations: readonly Declaration[] }
  | { readonly kind: 'resource'; readonly destructor: number | undefined };

export type Alias =
  | {
      readonly target: 'export' | 'core export';
      readonly sort: Sort;
      readonly instance: number;
      readonly name: string;
    }
  | { readonly target: 'outer'; readonly sort: Sort; readonly count: number; readonly index: number };

/** What an import or export is declared to be. */
export type Extern =
  | { readonly sort: 'func' | 'component' | 'instance' | 'core module'; readonly type: number }
  | { readonly sort: 'type'; readonly equals: number | undefined };

/** One declaration of an instance or component type. */
export type Declaration =
  | { readonly kind: 'core type' }
  | { readonly kind: 'type'; readonly offset: number; readonly type: TypeDefinition }
  | { readonly kind: 'alias'; readonly offset: number; readonly alias: Alias }
  | {
      readonly kind: 'import' | 'export';
      readonly offset: number;
      readonly name: string;
      readonly extern: Extern;
    };

export type StringEncoding = 'utf8' | 'utf16' | 'latin1+utf16';

/** Options of a canonical function; indices are of the core function and core memory index spaces. */
export interface CanonOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
}

export type Canon =
  | { readonly kind: 'lift'; readonly core: number; readonly options: CanonOptions; readonly type: number }
  | { readonly kind: 'lower'; readonly func: number; readonly options: CanonOptions }
  | { readonly kind: 'resource.new' | 'resource.drop' | 'resource.rep'; readonly resource: number };

export type CoreInstanceSyntax =
  | { readonly kind: 'instantiate'; readonly module: number; readonly args: readonly Named<number>[] }
  | { readonly kind: 'exports'; readonly exports: readonly Named<SortIndex>[] };

export type InstanceSyntax =
  | { readonly kind: 'instantiate'; readonly component: number; readonly args: readonly Named<SortIndex>[] }
  | { readonly kind: 'exports'; readonly exports: readonly Named<SortIndex>[] };

/** One definition of a component; `offset` is where it starts. */
export type Definition = { readonly offset: number } & (
  | { readonly kind: 'core module'; readonly end: number }
  | { readonly kind: 'core instance'; readonly instance: CoreInstanceSyntax }
  | { readonly kind: 'core type' }
  | { readonly kind: 'component'; readonly component: ComponentSyntax }
  | { readonly kind: 'instance'; readonly instance: InstanceSyntax }
  | { readonly kind: 'alias'; readonly alias: Alias }
  | { readonly kind: 'type'; readonly type: TypeDefinition }
  | { readonly kind: 'canon'; readonly canon: Canon }
  | { readonly kind: 'import'; readonly name: string; readonly extern: Extern }
  | { readonly kind: 'export'; readonly name: string; readonly value: SortIndex }
);

export interface ComponentSyntax {
  readonly definitions: readonly Definition[];
}
