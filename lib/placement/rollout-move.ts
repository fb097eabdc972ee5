import type { Bounds } from './rollout-bounds';
import { Occupancy, type Rooms } from './rollout-room';
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
  /** What the hosts have room for; undefined when they are unbounded. */
  readonly rooms?: Rooms | undefined;
  /** What else stands on the hosts, and is moved by others. */
  readonly beside?: readonly SizedSlot[] | undefined;
}

/** The end of a step. */
export interface Moved {
  readonly slots: readonly SizedSlot[];
  /** Hosts without the room for what they are to have, in order, where nothing can move for that alone. */
  readonly crowded: readonly string[];
}

/**
 * One step from what is observed towards a goal. It never takes what is available below `desired - unavailable`, nor adds to what exists
 * above `desired + surge`, nor to a host more than it has room for; where it is outside already, it does not make it worse.
 *
 * Where the new has no room beside the old, the old goes first there, as soon as the new serves on another host: on one that is to have it
 * anyway, or else on one that stands in until there is room.
 */
export function moveTowards(
  goal: readonly SizedSlot[],
  observed: readonly ObservedSlot[],
  options: MoveOptions,
): Moved {
  return new Move(goal, observed, options).run();
}

/** Instances of a revision that hosts of a group lack the room for. */
interface Missing {
  readonly revision: string;
  /** Undefined for hosts for which no other can stand in. */
  readonly group: string | undefined;
  count: number;
}

class Move {
  /** Instances by slot, as they will be. */
  private readonly next = new Map<string, SizedSlot>();
  private readonly goals: Map<string, SizedSlot>;
  /** What is wanted on each host; one revision where that is exclusive. */
  private readonly goalOf: ReadonlyMap<string, SizedSlot>;
  private readonly present: readonly ObservedSlot[];
  private readonly occupancy: Occupancy;
  private available: number;
  private moved = false;

  constructor(
    goal: readonly SizedSlot[],
    private readonly observed: readonly ObservedSlot[],
    private readonly options: MoveOptions,
  ) {
    this.goals = new Map([...goal].sort(byPlace).map((slot) => [slotId(slot), slot]));
    this.goalOf = new Map(goal.map((slot) => [slot.host, slot]));
    this.present = observed.filter(isPresent).sort(byPlace);
    this.available = sum(this.present, options.available);
    // What is on its way out may still be there.
    const standing = observed.filter(({ ending, lost }) => ending && !lost);
    this.occupancy = new Occupancy(options.rooms, [...standing, ...(options.beside ?? [])]);
    for (const slot of this.present) this.set(slot, slot.instances);
  }

  run(): Moved {
    const { desired, bounds, exclusive } = this.options;
    // Of a provider a host has one, which is replaced in place.
    const lacking = exclusive ? [] : this.lacking();
    const missing = this.keepStandIns(lacking);
    const tight = new Set(lacking.map(({ host }) => host));
    this.dropIdle();
    this.shrink(this.available - (desired - bounds.unavailable), tight);
    if (exclusive) this.swap();
    this.grow(desired + bounds.surge - this.count());
    const stuck = !this.moved && missing.length > 0 && this.count() <= desired;
    if (stuck) this.standIn(desired + bounds.surge - this.count(), missing);
    // What is not available yet will let something move when it is.
    const settled = this.present.every((slot) => this.options.available(slot) >= slot.instances);
    const crowded = stuck && !this.moved && settled ? [...tight].sort() : [];
    this.keepLost();
    return { slots: [...this.next.values()], crowded };
  }

  /** What of the goal there is no room for beside what there is. */
  private lacking(): SizedSlot[] {
    return [...this.goals.values()].flatMap((slot) => {
      const before = this.sizeOf(slot);
      const instances = slot.instances - before - this.occupancy.free(slot, before);
      return instances > 0 ? [{ ...slot, instances }] : [];
    });
  }

  /**
   * Lets what is on the wrong host stay while there is no room for it on the right one.
   * @returns instances that are missing beside that, of each revision in each group of hosts that stand in for each other
   */
  private keepStandIns(lacking: readonly SizedSlot[]): Missing[] {
    const byGroup = new Map<string, Missing>();
    for (const { revision, host, instances } of lacking) {
      const group = this.occupancy.groupOf(host);
      const key = `${revision}/${group ?? ''}`;
      byGroup.set(key, { revision, group, count: instances + (byGroup.get(key)?.count ?? 0) });
    }
    // Those that serve first.
    const order = byGroup.size === 0 ? [] : [...this.present].sort((a, b) => b.available - a.available);
    for (const slot of order) {
      const { revision, host, instances } = slot;
      const group = this.occupancy.groupOf(host);
      const missing = byGroup.get(`${revision}/${group ?? ''}`);
      if (group === undefined || missing === undefined) continue;
      const wanted = this.goals.get(slotId(slot))?.instances ?? 0;
      const kept = Math.max(0, Math.min(instances - wanted, missing.count));
      missing.count -= kept;
      if (kept > 0) this.goals.set(slotId(slot), { revision, host, instances: wanted + kept });
    }
    return [...byGroup.values()].filter(({ count }) => count > 0);
  }

  /** Puts instances beside the goal on hosts that have the room. */
  private standIn(most: number, missing: readonly Missing[]): void {
    const taken = this.takenPlaces();
    for (const { revision, group, count } of missing) {
      if (group === undefined) continue;
      let left = Math.min(count, most);
      most -= left;
      for (const { slot, free } of this.occupancy.roomiest(revision, group, (one) => this.sizeOf(one))) {
        if (left <= 0) break;
        if (taken.has(this.place(slot))) continue;
        const more = Math.min(free, left);
        left -= more;
        this.change(slot, this.sizeOf(slot) + more);
      }
      most += left;
    }
  }

  /** Takes away what nobody can call and nobody wants; this costs nothing. */
  private dropIdle(): void {
    for (const slot of this.present) {
      this.cut(slot, slot.instances - this.options.useful(slot));
    }
  }

  /** Takes away `spare` instances that are not wanted, first where the new has no room beside them. */
  private shrink(spare: number, tight: ReadonlySet<string>): void {
    const { exclusive, available } = this.options;
    const order =
      tight.size === 0
        ? this.present
        : [...this.present].sort((a, b) => Number(tight.has(b.host)) - Number(tight.has(a.host)));
    for (const slot of order) {
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
      this.change(slot, 0);
      this.change(successor, successor.instances);
    }
  }

  private grow(room: number): void {
    const taken = this.takenPlaces();
    if (this.options.exclusive) for (const slot of this.next.values()) taken.add(slot.host);
    // What has begun is finished first: fewer hosts have two revisions at a time.
    const order = [...this.goals.values()].sort((a, b) => this.sizeOf(b) - this.sizeOf(a) || byPlace(a, b));
    for (const slot of order) {
      const before = this.sizeOf(slot);
      if (room <= 0) return;
      if (before >= slot.instances || (before === 0 && taken.has(this.place(slot)))) continue;
      const more = Math.min(slot.instances - before, room, this.occupancy.free(slot, before));
      if (more <= 0) continue;
      room -= more;
      this.change(slot, before + more);
    }
  }

  /** What cannot be filled before something of the same name is gone. */
  private takenPlaces(): Set<string> {
    return new Set(this.observed.filter((slot) => !isPresent(slot)).map((slot) => this.place(slot)));
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
    if (cut > 0) this.change(slot, before - cut);
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

  private count(): number {
    return sum(this.next.values(), ({ instances }) => instances);
  }

  private change(slot: Slot, instances: number): void {
    this.moved = true;
    this.set(slot, instances);
  }

  private set({ revision, host }: Slot, instances: number): void {
    const id = slotId({ revision, host });
    this.occupancy.resize({ revision, host }, this.next.get(id)?.instances ?? 0, instances);
    if (instances > 0) this.next.set(id, { revision, host, instances });
    else this.next.delete(id);
  }
}
