import type { HostResource } from '../engine/engine';

/**
 * A resource of which a guest can never hold an instance, as no function of the host makes one. Engines look methods up before they are
 * called, so it has every method there is.
 */
export function denied(): HostResource {
  class Denied {
    constructor() {
      throw new TypeError('Guest cannot make this resource');
    }
  }
  const deny = (): never => {
    throw new TypeError('Guest used a resource that it cannot have');
  };
  const everyMethod = new Proxy({}, { get: (_, name) => (typeof name === 'string' ? deny : undefined) });
  Object.setPrototypeOf(Denied.prototype, everyMethod);
  return Denied;
}
