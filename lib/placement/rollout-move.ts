import type { Bounds } from './rollout-bounds';
import { type SizedSlot, byPlace, isPresent, slotId, sum } from './rollout-slots';
import type { ObservedSlot, Slot } from './rollout-types';

export interface MoveOptions {
  /** Instances that are wanted in total. */
  readonly desired: number;
  readonly bounds: Bounds;
  /** Whether a host takes one revision at a time. */
  readonly exclusive: boolean;
  /** Instances of a slot that callers get answers from; the others can go at any time. */
  readonly useful: (slot: ObservedSlot) => number;
  /** Those of them that have proved themselves, and count. */
  readonly available: (slot: ObservedSlot) => number;
}

/**
 * One step from what is observed towards a goal. It never takes what is available below `desired - unavailable`, nor adds to what exists
 * above `desired + surge`; where it is outside already, it does not make it worse.
 */
export function moveTowards(
  goal: readonly SizedSlot[],
  observed: readonly ObservedSlot[],
  options: MoveOptions,
): SizedSlot[] {
  return new Move(goal, observed, options).run();
}

class Move {
  /** Instances by slot, as they will be. */
  private readonly next = new Map<string, SizedSlot>();
  private readonly goals: ReadonlyMap<string, SizedSlot>;
  /** What is wanted on each host; one revision where that is exclusive. */
  private readonly goalOf: ReadonlyMap<string, SizedSlot>;
  private readonly present: readonly ObservedSlot[];
  private available: number;

  constructor(
    goal: readonly SizedSlot[],
    private readonly observed: readonly ObservedSlot[],
    private readonly options: MoveOptions,
  ) {
    this.goals = new Map([...goal].sort(byPlace).map((slot) => [slotId(slot), slot]));
    this.goalOf = new Map(goal.map((slot) => [slot.host, slot]));
    this.present = observed.filter(isPresent).sort(byPlace);
    this.available = sum(this.present, options.available);
    for (const slot of this.present) this.set(slot, slot.instances);
  }

  run(): SizedSlot[] {
    const { desired, bounds, exclusive } = this.options;
    this.dropIdle();
    this.shrink(this.available - (desired - bounds.unavailable));
    if (exclusive) this.swap();
    this.grow(desired + bounds.surge - sum(this.next.values(), ({ instances }) => instances));
    this.keepLost();
    return [...this.next.values()];
  }

  /** Takes away what nobody can call and nobody wants; this costs nothing. */
  private dropIdle(): void {
    for (const slot of this.present) {
      this.cut(slot, slot.instances - this.options.useful(slot));
    }
  }

  /** Takes away `spare` instances that are not wanted. */
  private shrink(spare: number): void {
    const { exclusive, available } = this.options;
    for (const slot of this.present) {
      if (spare <= 0) return;
      if (exclusive && this.successor(slot) !== undefined) continue;
      const cut = this.cut(slot, spare);
      const taken = Math.min(cut, available(slot));
      spare -= taken;
      this.available -= taken;
    }
  }

  /** Puts one revision in the place of another on a host, as many at a time as may be away or, as none can be beside, above. */
  private swap(): void {
    const { desired, bounds, available } = this.options;
    let spare = this.available - (desired - Math.max(bounds.surge, bounds.unavailable, 1));
    for (const slot of this.present) {
      const successor = this.successor(slot);
      if (successor === undefined || !this.next.has(slotId(slot))) continue;
      const lost = available(slot);
      if (lost > 0 && spare <= 0) continue;
      spare -= lost;
      this.next.delete(slotId(slot));
      this.set(successor, successor.instances);
    }
  }

  private grow(room: number): void {
    const taken = new Set(this.observed.filter((slot) => !isPresent(slot)).map((slot) => this.place(slot)));
    if (this.options.exclusive) for (const slot of this.next.values()) taken.add(slot.host);
    // What has begun is finished first: fewer hosts have two revisions at a time.
    const order = [...this.goals.values()].sort((a, b) => this.sizeOf(b) - this.sizeOf(a) || byPlace(a, b));
    for (const slot of order) {
      const before = this.sizeOf(slot);
      if (room <= 0) return;
      if (before >= slot.instances || (before === 0 && taken.has(this.place(slot)))) continue;
      const more = Math.min(slot.instances - before, room);
      room -= more;
      this.set(slot, before + more);
    }
  }

  /** What is wanted on a host that is away stays written down as it is. */
  private keepLost(): void {
    for (const slot of this.observed) {
      if (slot.lost && !slot.ending && this.goals.has(slotId(slot))) this.set(slot, slot.instances);
    }
  }

  private cut(slot: ObservedSlot, most: number): number {
    const before = this.sizeOf(slot);
    const excess = before - (this.goals.get(slotId(slot))?.instances ?? 0);
    const cut = Math.max(0, Math.min(excess, most));
    if (cut > 0) this.set(slot, before - cut);
    return cut;
  }

  /** What is to take the place of a slot on its host. */
  private successor(slot: ObservedSlot): SizedSlot | undefined {
    return this.goals.has(slotId(slot)) ? undefined : this.goalOf.get(slot.host);
  }

  private place(slot: Slot): string {
    return this.options.exclusive ? slot.host : slotId(slot);
  }

  private sizeOf(slot: Slot): number {
    return this.next.get(slotId(slot))?.instances ?? 0;
  }

  private set({ revision, host }: Slot, instances: number): void {
    const id = slotId({ revision, host });
    if (instances > 0) this.next.set(id, { revision, host, instances });
    else this.next.delete(id);
  }
}
