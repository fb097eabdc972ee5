import { KasmError } from '../../base/errors';
import type {
  Camel,
  Js,
  JsOption,
  JsResult,
  PrimitiveKind,
  WitFunction,
  WitInterface,
  WitParams,
  WitType,
} from './types';

/**
 * Builders of WIT types. They carry the JavaScript types along, so handlers and calls are typed by the description alone.
 *
 * @example
 * const point = wit.record({ 'x-axis': wit.u32, label: wit.option(wit.string) });
 * // Js<typeof point> is { xAxis: number; label: string | undefined }
 */

const primitive = <T>(kind: PrimitiveKind): WitType<T> => ({ kind });

export const bool = primitive<boolean>('bool');
export const char = primitive<string>('char');
export const string = primitive<string>('string');

/** The number types keep their kind in the type, so that lists of them are typed arrays. */
type Numeric<T, A> = WitType<T> & { readonly array?: A };
export const u8: Numeric<number, Uint8Array> = primitive('u8');
export const u16: Numeric<number, Uint16Array> = primitive('u16');
export const u32: Numeric<number, Uint32Array> = primitive('u32');
export const u64: Numeric<bigint, BigUint64Array> = primitive('u64');
export const s8: Numeric<number, Int8Array> = primitive('s8');
export const s16: Numeric<number, Int16Array> = primitive('s16');
export const s32: Numeric<number, Int32Array> = primitive('s32');
export const s64: Numeric<bigint, BigInt64Array> = primitive('s64');
export const f32: Numeric<number, Float32Array> = primitive('f32');
export const f64: Numeric<number, Float64Array> = primitive('f64');

type JsList<W> = W extends { readonly array?: infer A } ? NonNullable<A> : Js<W>[];
type JsStream<W> = W extends { readonly array?: infer A }
  ? Uint8Array extends A
    ? AsyncIterable<Uint8Array>
    : AsyncIterable<Js<W>>
  : AsyncIterable<Js<W>>;

export const list = <W extends WitType>(element: W): WitType<JsList<W>> => ({ kind: 'list', element });
export const option = <W extends WitType>(element: W): WitType<JsOption<Js<W>>> => ({
  kind: 'option',
  element,
});
/** Delivered while it is produced; arrives outside the value that contains it. */
export const stream = <W extends WitType>(element: W): WitType<JsStream<W>> => ({ kind: 'stream', element });
/** Delivered when it is known; arrives outside the value that contains it. */
export const future = <W extends WitType>(element: W): WitType<Promise<Js<W>>> => ({
  kind: 'future',
  element,
});

type JsRecord<F> = { [N in keyof F as Camel<N & string>]: Js<F[N]> };
export const record = <F extends Record<string, WitType>>(fields: F): WitType<JsRecord<F>> => ({
  kind: 'record',
  fields: some('record', Object.entries(fields)).map(([name, type]) => ({ name, type })),
});

export const tuple = <const E extends readonly WitType[]>(
  ...elements: E
): WitType<{ -readonly [I in keyof E]: Js<E[I]> }> => ({ kind: 'tuple', elements: some('tuple', elements) });

type JsCases<C> = {
  [N in keyof C]: C[N] extends WitType ? { tag: N; val: Js<C[N]> } : { tag: N };
}[keyof C];
/** Cases by name, in order; `null` for a case without a payload. */
export const variant = <C extends Record<string, WitType | null>>(cases: C): WitType<JsCases<C>> => ({
  kind: 'variant',
  cases: some('variant', Object.entries(cases)).map(([name, type]) => ({ name, type: type ?? undefined })),
});

const enumeration = <const N extends readonly string[]>(...names: N): WitType<N[number]> => ({
  kind: 'enum',
  names: some('enum', names),
});
export { enumeration as enum };

export const flags = <const N extends readonly string[]>(
  ...names: N
): WitType<{ [K in N[number] as Camel<K>]: boolean }> => ({ kind: 'flags', names: some('flags', names) });

type JsOr<W> = W extends WitType ? Js<W> : undefined;
/** `null` for a side without a payload. */
export const result = <T extends WitType | null = null, E extends WitType | null = null>(
  ok?: T,
  err?: E,
): WitType<JsResult<JsOr<T>, JsOr<E>>> => ({ kind: 'result', ok: ok ?? undefined, err: err ?? undefined });

/** A handle to a resource that its owner gave out: opaque bytes. */
export const own = (resource: string): WitType<Uint8Array> => ({ kind: 'own', resource });
export const borrow = (resource: string): WitType<Uint8Array> => ({ kind: 'borrow', resource });

/** A signature: parameters in order, and what is returned, if anything. */
export const func = <const P extends WitParams, W extends WitType = WitType<void>>(
  params: P,
  returns?: W,
): WitFunction<P, Js<W>> => ({ params, result: returns as WitType<Js<W>> | undefined });

/** An interface by its full id, e.g. `wrpc:keyvalue/store@0.2.0-draft`, and its functions by their WIT names. */
export const iface = <F extends Record<string, WitFunction>>(id: string, functions: F): WitInterface<F> => ({
  id,
  functions,
});

/** WIT has no empty records and the like; without them every value takes bytes, which bounds what a length can claim. */
function some<T>(kind: string, members: readonly T[]): readonly T[] {
  if (members.length > 0) return members;
  throw new KasmError(`A ${kind} without members is no WIT type`, 'Give it at least one');
}
