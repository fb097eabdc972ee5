import type { Bounds } from './rollout-bounds';
import { type SizedSlot, byPlace, isPresent, sum } from './rollout-slots';
import type { RolloutInput } from './rollout-types';

/** Everything of one revision. */
export function whole(desired: ReadonlyMap<string, number>, revision: string): SizedSlot[] {
  return [...desired]
    .filter(([, instances]) => instances > 0)
    .map(([host, instances]) => ({ revision, host, instances }));
}

/**
 * A share of `weight` percent, rounded to whole instances, of the new revision and the rest of the old one; each host gets its part of
 * the share, as every host gets its part of the calls. Of both there is one at least: the one instance of a single one is doubled.
 */
export function split(
  desired: ReadonlyMap<string, number>,
  weight: number,
  update: string,
  current: string,
): SizedSlot[] {
  const total = sum(desired.values(), Number);
  if (total === 0) return [];
  if (weight === 0) return whole(desired, current);
  const updated = canarySize(total, weight);
  const parts = [...desired].map(([host, instances]) => {
    const exact = (instances * updated) / total;
    return { host, instances, part: Math.floor(exact), rest: exact % 1 };
  });
  let left = updated - sum(parts, ({ part }) => part);
  for (const part of [...parts].sort((a, b) => b.rest - a.rest || (a.host < b.host ? -1 : 1))) {
    if (left-- <= 0) break;
    part.part++;
  }
  return parts.flatMap(({ host, instances, part }) =>
    [
      { revision: update, host, instances: part },
      { revision: current, host, instances: total === 1 ? instances : instances - part },
    ].filter((slot) => slot.instances > 0),
  );
}

/** How many of `total` instances a canary of `weight` percent has. */
export function canarySize(total: number, weight: number): number {
  if (weight === 100 || total <= 1) return total;
  return Math.min(total - 1, Math.max(1, Math.round((total * weight) / 100)));
}

/** What there is, brought to the wanted number of each host: what a paused rollout holds on to. */
export function held(
  { desired, observed, updateRevision, currentRevision }: RolloutInput,
  bounds: Bounds,
): SizedSlot[] {
  const total = sum(desired.values(), Number);
  const present = observed.filter(isPresent);
  let over = sum(present, ({ instances }) => instances) - total - bounds.surge;
  const goal: SizedSlot[] = [];
  for (const [host, wanted] of [...desired].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const here = present.filter((slot) => slot.host === host).sort(byPlace);
    let excess = Math.min(Math.max(0, over), sum(here, ({ instances }) => instances) - wanted);
    over -= Math.max(0, excess);
    const sizes = new Map<string, number>();
    for (const { revision, instances } of here) {
      const cut = Math.max(0, Math.min(excess, instances));
      excess -= cut;
      sizes.set(revision, instances - cut);
    }
    const missing = wanted - sum(sizes.values(), Number);
    const filler = currentRevision ?? updateRevision;
    if (missing > 0) sizes.set(filler, (sizes.get(filler) ?? 0) + missing);
    for (const [revision, instances] of sizes) if (instances > 0) goal.push({ revision, host, instances });
  }
  return goal;
}
