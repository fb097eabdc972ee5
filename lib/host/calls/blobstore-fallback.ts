import { blobstore010 } from '../../lattice/interfaces/blobstore';
import type { WitFunction } from '../../lattice/wrpc/types';
import type { OutgoingCall } from './call';
import { RouteError } from './route-error';

/** Functions whose results say in the newer version whether what followed was all. */
const checked = new Set(['list-container-objects', 'get-container-data']);
/** Apart from those of the newer version, with which they share what is the same: routes are kept by them. */
const functions = new Map<string, WitFunction>(
  Object.entries(blobstore010.functions).map(([name, signature]) => [name, { ...signature }]),
);

/** Calls blobstores in the older version of their interface where nobody serves the newer: providers of wasmCloud 1.x have either. */
export async function callBlobstore(
  follow: (call: OutgoingCall) => Promise<unknown>,
  call: OutgoingCall,
): Promise<unknown> {
  try {
    return await follow(call);
  } catch (error) {
    const signature = functions.get(call.function);
    const unserved =
      error instanceof RouteError && (error.reason === 'NoResponders' || error.reason === 'NotExported');
    if (!unserved || signature === undefined) throw error;
    const result = await follow({ ...call, wireInterface: blobstore010.id, signature });
    const whole = { tag: 'ok', val: undefined };
    if (checked.has(call.function)) return [result, Promise.resolve(whole)];
    // Its whole result is whether all was written.
    return call.function === 'write-container-data' ? whole : result;
  }
}
