import { KasmError } from '../../base/errors';
import type {
  Camel,
  InCamel,
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

/** The number types know, in their type alone, the array that a list of them is. */
type Numeric<T, A> = WitType<T> & { readonly $array: A };
const numeric = <T, A>(kind: PrimitiveKind): Numeric<T, A> => ({ kind }) as unknown as Numeric<T, A>;
export const u8: Numeric<number, Uint8Array> = numeric('u8');
export const u16: Numeric<number, Uint16Array> = numeric('u16');
export const u32: Numeric<number, Uint32Array> = numeric('u32');
export const u64: Numeric<bigint, BigUint64Array> = numeric('u64');
export const s8: Numeric<number, Int8Array> = numeric('s8');
export const s16: Numeric<number, Int16Array> = numeric('s16');
export const s32: Numeric<number, Int32Array> = numeric('s32');
export const s64: Numeric<bigint, BigInt64Array> = numeric('s64');
export const f32: Numeric<number, Float32Array> = numeric('f32');
export const f64: Numeric<number, Float64Array> = numeric('f64');

type JsList<W> = [W] extends [{ readonly $array: infer A }] ? A : Js<W>[];
type JsStream<W> = AsyncIterable<[W] extends [Numeric<number, Uint8Array>] ? Uint8Array : Js<W>>;

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

type JsRecord<F> = JsFields<InCamel<F>>;
type JsFields<F> = { [N in keyof F]: Js<F[N]> };
export const record = <F extends Record<string, WitType>>(fields: F): WitType<JsRecord<F>> => ({
  kind: 'record',
  fields: some('record', Object.entries(fields)).map(([name, type]) => ({ name, type })),
});

export const tuple = <const E extends readonly WitType[]>(
  ...elements: E
): WitType<{ -readonly [I in keyof E]: Js<E[I]> }> => ({ kind: 'tuple', elements: some('tuple', elements) });

type JsCases<C> = {
  [N in keyof C]: [C[N]] extends [WitType] ? { tag: N; val: Js<C[N]> } : { tag: N };
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

type JsOr<W> = [W] extends [WitType] ? Js<W> : undefined;
/** `null` for a side without a payload. */
export const result = <T extends WitType | null = null, E extends WitType | null = null>(
  ok?: T,
  err?: E,
): WitType<JsResult<JsOr<T>, JsOr<E>>> => ({ kind: 'result', ok: ok ?? undefined, err: err ?? undefined });

/**
 * A handle to a resource that its owner gave out: opaque bytes. wRPC does not tell the owner when nobody has it any more.
 *
 * @example
 * import { wit } from 'kasmcloud/provider';
 *
 * const pens = wit.iface('acme:desk/pens', {
 *   '[constructor]pen': wit.func([['ink', wit.u32]], wit.own('pen')),
 *   '[method]pen.write': wit.func([['self', wit.borrow('pen')], ['letters', wit.u32]], wit.u32),
 * });
 */
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
