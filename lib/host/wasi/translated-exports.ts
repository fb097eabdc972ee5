import { watcher } from '../../lattice/interfaces/keyvalue';
import { handler, type brokerMessage } from '../../lattice/interfaces/messaging';
import type { Js, WitInterface } from '../../lattice/wrpc/types';
import { isWitError, WitError, withoutVersion, type Instance } from '../engine/engine';
import type { Guest } from './guest';
import { Bucket } from './keyvalue';
import { Message } from './messaging';

type Functions = Instance['exports'][string];

/** An interface that components export with resources of the host, and that others call by values. */
interface TranslatedExport {
  /** As the component names it, without a version. */
  readonly exported: string;
  /** As it is called. */
  readonly serves: WitInterface;
  call(guest: Guest, functions: Functions, func: string, args: readonly unknown[]): Promise<unknown>;
}

const all: readonly TranslatedExport[] = [
  {
    exported: 'wasi:keyvalue/watcher',
    serves: watcher,
    async call(guest, functions, func, [bucket, ...rest]) {
      return functions[func]?.(new Bucket(guest, bucket as string), ...rest);
    },
  },
  {
    exported: 'wasmcloud:messaging/incoming-handler',
    serves: handler,
    async call(_, functions, __, [given]) {
      const message = given as Js<typeof brokerMessage>;
      try {
        return await functions['handle']?.(new Message(message.body, message));
      } catch (error) {
        if (!isWitError(error)) throw error;
        const { tag, val } = error.payload as { readonly tag: string; readonly val?: string };
        throw new WitError(val ?? tag);
      }
    },
  },
];

/** What is served of exports that are translated. */
export function translatedExports(exports: readonly string[]): WitInterface[] {
  const names = new Set(exports.map(withoutVersion));
  return all
    .filter(({ exported, serves }) => names.has(exported) && !exports.includes(serves.id))
    .map(({ serves }) => serves);
}

/** How a function of an instance is called that is served in another form than it is exported; undefined where there is none. */
export function translatedCall(
  { exports }: Instance,
  served: string,
): ((guest: Guest, func: string, args: readonly unknown[]) => Promise<unknown>) | undefined {
  const found = all.find(({ serves }) => serves.id === served);
  const name = Object.keys(exports).find((name) => withoutVersion(name) === found?.exported);
  const functions = name === undefined ? undefined : exports[name];
  return found && functions && ((guest, func, args) => found.call(guest, functions, func, args));
}
