import { KasmError } from '../../base/errors';
import { interfaces, type WitFunction, type WitInterface } from '../../lattice';
import type { LinkedCall } from '../wasi/guest';

const { blobstore, http, keyvalue, messaging } = interfaces;

/** Interfaces that the host translates: components know them by other names and shapes. */
const translated = ([keyvalue, blobstore, http, messaging].flatMap(Object.values) as object[]).filter(
  isInterface,
);

/** Finds the types of what a guest calls: those of its own imports, or of what the host makes of them. */
export function signatures(
  imports: readonly WitInterface[],
): (call: Pick<LinkedCall, 'interface' | 'wireInterface' | 'function'>) => WitFunction {
  const byId = new Map([...translated, ...imports].map((each) => [each.id, each.functions]));
  return (call) => {
    const id = call.wireInterface ?? call.interface;
    const found = byId.get(id)?.[call.function];
    if (found === undefined) throw new KasmError(`The types of ${id}#${call.function} are not known`);
    return found;
  };
}

function isInterface(value: object): value is WitInterface {
  return 'functions' in value;
}
