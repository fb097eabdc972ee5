/**
 * A description of WIT types that exists at run time, and the JavaScript types that go with it.
 *
 * JavaScript forms are those of jco: names in camelCase, `u64` as bigint, `list<u8>` as Uint8Array and other number lists as
 * typed arrays, `option` as `T | undefined`, variants as `{ tag, val }`, enums as their name, flags as an object of booleans.
 * Beyond jco: `stream<u8>` is an async iterable of Uint8Array, any other `stream<T>` one of `T`, `future<T>` a promise of `T`. What returns
 * nothing but a future returns a function that gives it: JavaScript would wait for the promise, and the caller for its answer.
 */

declare const js: unique symbol;

/** The shape of a type, as data. Names are spelled as in WIT. */
export type WitShape =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'list' | 'option' | 'stream' | 'future'; readonly element: WitType }
  | { readonly kind: 'record'; readonly fields: readonly Named[] }
  | { readonly kind: 'tuple'; readonly elements: readonly WitType[] }
  | { readonly kind: 'variant'; readonly cases: readonly { name: string; type?: WitType | undefined }[] }
  | { readonly kind: 'enum' | 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'result'; readonly ok?: WitType | undefined; readonly err?: WitType | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: string };

export type PrimitiveKind =
  'bool' | 'u8' | 'u16' | 'u32' | 'u64' | 's8' | 's16' | 's32' | 's64' | 'f32' | 'f64' | 'char' | 'string';

interface Named {
  readonly name: string;
  readonly type: WitType;
}

/** A WIT type whose values are `T` in JavaScript. */
export type WitType<T = unknown> = WitShape & { readonly [js]?: T };

/** The JavaScript type of a WIT type's values: what decoding gives. */
export type Js<W> = [W] extends [{ readonly [js]?: infer T }] ? T : never;

/** `list-keys` → `listKeys`, `HTTP-protocol-error` → `httpProtocolError`. */
export type Camel<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Lowercase<Head>}${Pascal<Tail>}`
  : Lowercase<S>;
type Pascal<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Capitalize<Lowercase<Head>>}${Pascal<Tail>}`
  : Capitalize<Lowercase<S>>;

/**
 * An object type with its keys in camelCase. Types map over the outcome in a second step: TypeScript takes no context for
 * function parameters and tuples from a mapping that renames.
 */
export type InCamel<T> = { [N in keyof T as Camel<N & string>]: T[N] };

/** {@link Camel} at run time. */
export function camelCase<S extends string>(name: S): Camel<S> {
  const [head = '', ...tail] = name.toLowerCase().split('-');
  return (head + tail.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')) as Camel<S>;
}

/** An ordered list of named parameters. */
export type WitParams = readonly (readonly [name: string, type: WitType])[];

/** The signature of a function. */
export interface WitFunction<P extends WitParams = WitParams, R = unknown> {
  readonly params: P;
  /** Absent for a function that returns nothing. */
  readonly result?: WitType<R> | undefined;
}

/** An interface as it is named on the wire, with its functions by WIT name. */
export interface WitInterface<
  F extends Readonly<Record<string, WitFunction>> = Readonly<Record<string, WitFunction>>,
> {
  /** Full id with version, e.g. `wrpc:keyvalue/store@0.2.0-draft`. */
  readonly id: string;
  readonly functions: F;
}

/** JavaScript types of a parameter list. */
export type JsParams<P extends WitParams> = { -readonly [I in keyof P]: Js<P[I][1]> };

/** What a function gives to its caller: the `ok` of a result is returned, its `err` is thrown as `WitError`. */
export type JsReturn<R> = [R] extends [JsResult<infer T, unknown>] ? T : R;

/** A value of a `result` that is not a function's own result. */
export type JsResult<T, E> = { tag: 'ok'; val: T } | { tag: 'err'; val: E };

/** A value of an `option`; where its element can itself be undefined, a tag keeps `none` and `some(none)` apart. */
export type JsOption<T> = undefined extends T ? { tag: 'some'; val: T } | { tag: 'none' } : T | undefined;
