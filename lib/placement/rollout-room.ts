import type { DistributionHost } from './distribution-host';
import type { SizedSlot } from './rollout-slots';
import type { Slot } from './rollout-types';

/** What a host has room for, of all revisions of a distribution together. */
export interface HostRoom {
  /** Most instances. */
  readonly instances: number;
  /** Sum of the memory limits of their objects, in bytes. */
  readonly memory: number;
  /** Group of hosts of which each may have instances for another that lacks the room; undefined where it takes none. */
  readonly group?: string | undefined;
}

/** The hosts, and what is to be known to tell whether something fits. */
export interface Rooms {
  /** By name of the host; one that is not in it is unbounded. */
  readonly hosts: ReadonlyMap<string, HostRoom>;
  /** Memory limit of an object of a revision, in bytes; 0 without one. It is counted once for all instances of the object. */
  memoryOf(revision: string): number;
}

/** What hosts have room for, as a distribution sees them. A Daemon is on each host for its own sake: none can stand in. */
export function hostRooms(
  hosts: readonly DistributionHost[],
  groupOf: ReadonlyMap<string, string>,
  mode: 'Spread' | 'Daemon' = 'Spread',
): Map<string, HostRoom> {
  return new Map(
    hosts.map(({ name, state, left }) => {
      const takes = mode === 'Spread' && (state === 'open' || state === 'avoided');
      return [name, { ...left, group: takes ? groupOf.get(name) : undefined }];
    }),
  );
}

/** How full hosts are, slot by slot. */
export class Occupancy {
  private readonly used = new Map<string, { instances: number; memory: number }>();

  /** @param standing What is on the hosts and stays as it is */
  constructor(
    private readonly rooms: Rooms | undefined,
    standing: Iterable<SizedSlot>,
  ) {
    for (const slot of standing) this.resize(slot, 0, slot.instances);
  }

  /** Takes in that a slot has another number of instances. */
  resize({ revision, host }: Slot, before: number, after: number): void {
    if (this.rooms === undefined) return;
    const { instances, memory } = this.used.get(host) ?? {
      instances: 0,
      memory: 0,
    };
    const objects = Number(after > 0) - Number(before > 0);
    this.used.set(host, {
      instances: instances + after - before,
      memory: memory + objects * this.rooms.memoryOf(revision),
    });
  }

  /** How many more instances there is room for in a slot that has `before`. */
  free({ revision, host }: Slot, before: number): number {
    const room = this.rooms?.hosts.get(host);
    if (this.rooms === undefined || room === undefined) return Infinity;
    const { instances = 0, memory = 0 } = this.used.get(host) ?? {};
    const asked = before > 0 ? 0 : this.rooms.memoryOf(revision);
    if (asked > 0 && memory + asked > room.memory) return 0;
    return Math.max(0, room.instances - instances);
  }

  /** The group in which others may stand in for a host; undefined where none can. */
  groupOf(host: string): string | undefined {
    return this.rooms?.hosts.get(host)?.group;
  }

  /** Where there is room for instances of a revision in a group, the most first. */
  roomiest(revision: string, group: string, sizeOf: (slot: Slot) => number): { slot: Slot; free: number }[] {
    const found: { slot: Slot; free: number }[] = [];
    for (const [host, room] of this.rooms?.hosts ?? []) {
      if (room.group !== group) continue;
      const slot = { revision, host };
      const free = this.free(slot, sizeOf(slot));
      if (free > 0) found.push({ slot, free });
    }
    return found.sort((a, b) => b.free - a.free || (a.slot.host < b.slot.host ? -1 : 1));
  }
}
