import type { JsParams, JsReturn, WitFunction, WitInterface, WitParams } from '../../lattice/wrpc/types';
import type { LocalService, ServiceCallContext } from '../calls/local-service';

type Arguments<F> = F extends { readonly params: infer P extends WitParams } ? JsParams<P> : never;
type Returned<F> = F extends WitFunction<WitParams, infer R> ? JsReturn<R> : never;
type Nothing<T> = [T] extends [undefined] ? void : T;

/** Answers to the functions of an interface, by their WIT names. An answer rejects with a `WitError` for the `err` of its function. */
export type Answers<F> = {
  readonly [N in keyof F]: (
    context: ServiceCallContext,
    ...args: Arguments<F[N]>
  ) => Promise<Nothing<Returned<F[N]>>>;
};

type Answer = (context: ServiceCallContext, ...args: readonly unknown[]) => Promise<unknown>;

/** An interface with what answers it. */
export interface ServedInterface {
  readonly interface: WitInterface;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** A provider of this host that tells all that it answers, so that the rest of the lattice can call it too. */
export interface InterfaceService extends LocalService {
  readonly interfaces: readonly WitInterface[];
}

export function served<F extends Readonly<Record<string, WitFunction>>>(
  described: WitInterface<F>,
  answers: Answers<F>,
): ServedInterface {
  return { interface: described, answers: answers as unknown as ServedInterface['answers'] };
}

/** A provider of this host made of interfaces. */
export function serviceOf(...all: readonly ServedInterface[]): InterfaceService {
  const byId = new Map(all.map(({ interface: { id }, answers }) => [id, new Map(Object.entries(answers))]));
  return {
    interfaces: all.map((each) => each.interface),
    serves: (id) => byId.has(id),
    call: async (id, func, args, context) => {
      const answer = byId.get(id)?.get(func);
      if (answer === undefined) throw new TypeError(`${id} has no function ${func}`);
      return answer(context, ...args);
    },
  };
}
