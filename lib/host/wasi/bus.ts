import type { HostImports } from '../engine/engine';
import type { Guest } from './guest';

/** `wasmcloud:bus/lattice.call-target-interface`. */
class CallTargetInterface {
  /** As links name it: `acme:shop/cart`. */
  readonly id: string;

  constructor(namespace: string, packageName: string, interfaceName: string) {
    this.id = `${namespace}:${packageName}/${interfaceName}`;
  }
}

/**
 * `wasmcloud:bus`, 1.0 and 2.0 alike. A name is valid until the call that the guest serves has ended. Whether a link of that name exists
 * shows when it is followed: links come and go.
 */
export function bus(guest: Guest): HostImports {
  return {
    'wasmcloud:bus/lattice': {
      CallTargetInterface,
      setLinkName(name: string, interfaces: CallTargetInterface[]): void {
        for (const { id } of interfaces) guest.linkNames.set(id, name);
      },
    },
  };
}
