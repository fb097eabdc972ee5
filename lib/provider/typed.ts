import type { CallContext } from '../lattice/wrpc/context';
import type { InCamel, JsParams, JsReturn, WitFunction, WitParams } from '../lattice/wrpc/types';

/** Functions of an interface by their WIT names. */
export type Functions = Readonly<Record<string, WitFunction>>;

type Parameters<F> = F extends { readonly params: infer P extends WitParams } ? JsParams<P> : never;
/** What calling gives: the `ok` of a result; its `err` is thrown. */
type Returned<F> = F extends WitFunction<WitParams, infer R> ? JsReturn<R> : never;
type Nothing<T> = [T] extends [undefined] ? void : T;
/**
 * What serves an interface: its functions in camelCase. A handler takes the parameters and then the call's context; it returns
 * the result (of a `result`, the `ok`) or a promise of it, and throws a `WitError` to return the `err`.
 *
 * Callers of a function without a handler are told at once that nobody serves it.
 */
export type Handlers<F extends Functions> = HandlersOf<InCamel<F>>;
type HandlersOf<F> = {
  [N in keyof F]?: (
    ...args: [...Parameters<F[N]>, CallContext]
  ) => Nothing<Returned<F[N]>> | Promise<Nothing<Returned<F[N]>>>;
};

/** The functions of a target, in camelCase. */
export type Remote<F extends Functions> = RemoteOf<InCamel<F>>;
type RemoteOf<F> = {
  readonly [N in keyof F]: (...args: Parameters<F[N]>) => Promise<Nothing<Returned<F[N]>>>;
};

export type ArgumentsOf<F extends Functions, N extends keyof F> = Parameters<F[N]>;
export type ReturnOf<F extends Functions, N extends keyof F> = Nothing<Returned<F[N]>>;
