import type { ObservedSlot, Slot } from './rollout-types';

/** A slot and a number of instances. */
export interface SizedSlot extends Slot {
  readonly instances: number;
}

/** Tells slots apart; names of hosts have no slash. */
export function slotId({ revision, host }: Slot): string {
  return `${revision}/${host}`;
}

/** Whether a slot holds something that counts: what is being deleted or lies on a lost host does not. */
export function isPresent({ lost, ending }: ObservedSlot): boolean {
  return !lost && !ending;
}

export function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

/** By host, then by revision: an order that is the same in each pass, so that a pass on a stale cache repeats the step before. */
export function byPlace(a: Slot, b: Slot): number {
  if (a.host !== b.host) return a.host < b.host ? -1 : 1;
  return a.revision < b.revision ? -1 : Number(a.revision > b.revision);
}
