import { departure, serves } from '../placement';
import type { Placeable } from './binding';
import type { ReconcilerContext } from './context';
import { isGone, isLost } from './host-health';

/** Why something is to leave the host it is bound to. */
export interface Leaving {
  /** Of its condition `Placed`. */
  readonly reason:
    'HostLost' | 'HostStopped' | 'HostDeleted' | 'HostNotServing' | 'HostDraining' | 'HostTainted';
  /** A clause for people. */
  readonly fact: string;
  /** Whether the host does not serve it any more. */
  readonly abrupt: boolean;
}

/** Why an object is to leave its host; undefined while it may stay. */
export function leavingOf(
  { caches }: ReconcilerContext,
  object: Placeable,
  name: string,
): Leaving | undefined {
  const host = caches.hosts.get(name);
  if (host === undefined)
    return {
      reason: 'HostDeleted',
      fact: `Host ${name} was deleted`,
      abrupt: true,
    };
  if (isLost(host))
    return {
      reason: 'HostLost',
      fact: `Host ${name} no longer renews its Lease`,
      abrupt: true,
    };
  if (isGone(host, caches.leases))
    return {
      reason: 'HostStopped',
      fact: `Host ${name} was stopped`,
      abrupt: true,
    };
  const lattice = object.metadata.namespace;
  if (!serves(host, lattice))
    return {
      reason: 'HostNotServing',
      fact: `Host ${name} no longer serves lattice ${lattice}`,
      abrupt: true,
    };
  const gentle = departure(host, object.spec.tolerations);
  return gentle && { ...gentle, abrupt: false };
}
