import { camelCase } from '../../lattice/wrpc/types';
import type { WitInterface } from '../../lattice/wrpc/types';
import { withoutVersion, type HostImports, type HostInterface } from '../engine/engine';
import type { Guest, LinkedCall } from './guest';

/** A function that links lead to. */
export type LinkedFunction = Pick<LinkedCall, 'interface' | 'wireInterface' | 'function'>;

/** Calls a function of whatever the instance's links lead to; the guest waits meanwhile. */
export async function callLinked(guest: Guest, target: LinkedFunction, args: unknown[]): Promise<unknown> {
  const linkName = guest.linkNames.get(withoutVersion(target.interface)) ?? 'default';
  const call = guest.context.call({ ...target, linkName, args, traceparent: guest.traceparent });
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
