/** Types of the component model with every index resolved. Plain data: a structured clone of them keeps who is the same as whom. */

import type { Primitive } from './syntax';

// The glue of components and the codec of the wire must spell a name alike.
export { camelCase } from '../../lattice/wrpc/types';

export interface Field {
  readonly name: string;
  readonly type: ValType;
}

export interface Case {
  readonly name: string;
  readonly type: ValType | undefined;
}

export type ValType =
  | { readonly kind: Primitive }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'list'; readonly element: ValType }
  | { readonly kind: 'option'; readonly element: ValType }
  | { readonly kind: 'tuple'; readonly elements: readonly ValType[] }
  | { readonly kind: 'flags'; readonly labels: readonly string[] }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'result'; readonly ok: ValType | undefined; readonly err: ValType | undefined }
  | { readonly kind: 'own'; readonly resource: ResourceType }
  | { readonly kind: 'borrow'; readonly resource: ResourceType };

/** Value types of one kind, or of several. */
export type TypeOf<K extends ValType['kind']> = Extract<ValType, { kind: K }>;

export interface FuncType {
  readonly params: readonly Field[];
  readonly result: ValType | undefined;
}

/** A resource, the same object wherever the component speaks of it. */
export interface ResourceType {
  /** Position in the plan's list. */
  readonly id: number;
  /** Its WIT name, as far as one is known: `input-stream`. */
  readonly name: string;
  /**
   * Where the host finds its class, for a resource of the host; `undefined` for one that the component defines. One that is remote has
   * no class: its objects are the bytes by which its owner knows them, its constructor, methods and static functions are plain ones.
   */
  readonly imported: { readonly interface: string; readonly remote: boolean } | undefined;
  /** Component instance that defines it; -1 for the host. */
  readonly owner: number;
}

/** Key of what the world itself provides besides functions and interfaces: its resources. */
export const ROOT = '$root';

/** What function names of resources carry: `[method]fields.get` is method `get` of `fields`. */
export interface FuncName {
  readonly kind: 'free' | 'constructor' | 'method' | 'static';
  readonly resource: string | undefined;
  readonly name: string;
}

export function parseFuncName(name: string): FuncName {
  const match = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(name);
  if (match === null) return { kind: 'free', resource: undefined, name };
  return { kind: match[1] as 'constructor' | 'method' | 'static', resource: match[2], name: match[3] ?? '' };
}

/** `input-stream` → `InputStream`. */
export function pascalCase(name: string): string {
  return name.split('-').map(capitalised).join('');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}
