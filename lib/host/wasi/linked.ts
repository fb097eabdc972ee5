import { camelCase } from '../../lattice/wrpc/types';
import type { WitInterface } from '../../lattice/wrpc/types';
import type { HostImports, HostInterface } from '../engine/engine';
import type { Guest, LinkedFunction } from './guest';

/** Calls a function of whatever the instance's links lead to; the guest waits meanwhile. */
export async function callLinked(guest: Guest, target: LinkedFunction, args: unknown[]): Promise<unknown> {
  const call = guest.context.call(guest.linkedCall(target, args));
  try {
    await guest.wait([call]);
  } catch (error) {
    call.forget();
    throw error;
  }
  return call.result();
}

/** What a component imports of others, each function a call to whoever is linked. */
export function linked(interfaces: readonly WitInterface[], guest: Guest): HostImports {
  return Object.fromEntries(
    interfaces.map(({ id, functions }): [string, HostInterface] => [
      id,
      Object.fromEntries(
        Object.keys(functions).map((name) => {
          const target = { interface: id, function: name };
          return [camelCase(name), (...args: unknown[]) => callLinked(guest, target, args)];
        }),
      ),
    ]),
  );
}
