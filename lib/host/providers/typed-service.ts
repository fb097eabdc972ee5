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
  readonly id: string;
  readonly answers: Readonly<Record<string, Answer>>;
}

export function served<F extends Readonly<Record<string, WitFunction>>>(
  { id }: WitInterface<F>,
  answers: Answers<F>,
): ServedInterface {
  return { id, answers: answers as unknown as ServedInterface['answers'] };
}

/** A provider of this host made of interfaces. */
export function serviceOf(...interfaces: readonly ServedInterface[]): LocalService {
  const byId = new Map(interfaces.map(({ id, answers }) => [id, new Map(Object.entries(answers))]));
  return {
    serves: (id) => byId.has(id),
    call: async (id, func, args, context) => {
      const answer = byId.get(id)?.get(func);
      if (answer === undefined) throw new TypeError(`${id} has no function ${func}`);
      return answer(context, ...args);
    },
  };
}
