import type { Lease } from '../api';
import { type Clock, monotonicClock } from '../kube';

/** How long a host without a Lease counts as alive: it may be about to write its first. */
const graceMs = 10_000;

interface Sighting {
  /** The last versions seen: through the watch and by a direct read, of which either may be behind the other. */
  readonly versions: readonly (string | undefined)[];
  /** When the last new one was seen. */
  readonly at: number;
  readonly durationMs: number;
}

/** How many of the hosts that lived until a moment ago have missed their heartbeats since. */
export interface Silence {
  readonly silent: number;
  readonly hosts: number;
}

/**
 * Judges from its Lease whether a host lives, by the local clock alone: a Lease that has not changed for its whole duration has
 * ended, whatever times it names.
 */
export class Liveness {
  private readonly sightings = new Map<string, Sighting>();
  private lookedAt = -Infinity;

  constructor(private readonly clock: Clock = monotonicClock) {}

  /**
   * Milliseconds until the host counts as lost unless it renews; 0 or less when it is.
   * @param connectedSince since when changes of Leases would have been seen, by the same clock
   */
  remainingMs(host: string, lease: Lease | undefined, connectedSince: number): number {
    return endOf(this.see(host, lease), connectedSince) - this.clock.now();
  }

  /** The hosts whose Leases have ended since the last such look, and in how many milliseconds the next ends unless it is renewed. */
  ended(connectedSince: number): { hosts: string[]; nextMs: number } {
    const [since, now] = [this.lookedAt, this.clock.now()];
    this.lookedAt = now;
    const hosts: string[] = [];
    let next = Infinity;
    for (const [host, sighting] of this.sightings) {
      const end = endOf(sighting, connectedSince);
      if (end > now) next = Math.min(next, end);
      else if (end > since) hosts.push(host);
    }
    return { hosts, nextMs: next - now };
  }

  /**
   * Takes note of a heartbeat the moment it comes.
   * @returns whether that is all there is to it: the host is watched already, and its Lease ends no sooner than was thought
   */
  heard(host: string, lease: Lease): boolean {
    const before = this.sightings.get(host);
    return before !== undefined && this.see(host, lease).durationMs >= before.durationMs;
  }

  /** Counts those that have not renewed for half the duration of their Leases, all that are watched being taken as they are now. */
  silence(leaseOf: (host: string) => Lease | undefined): Silence {
    let silent = 0;
    for (const [host, { versions, at, durationMs }] of this.sightings) {
      const overdue = this.clock.now() - at > durationMs / 2;
      // What has come in the meantime may wait to be looked at.
      if (overdue && versions.includes(leaseOf(host)?.metadata.resourceVersion)) silent++;
    }
    return { silent, hosts: this.sightings.size };
  }

  forget(host: string): void {
    this.sightings.delete(host);
  }

  private see(host: string, lease: Lease | undefined): Sighting {
    const version = lease?.metadata.resourceVersion;
    const before = this.sightings.get(host);
    const durationMs = durationOf(lease);
    if (before?.versions.includes(version) === true) return { ...before, durationMs };
    const versions = [version, ...(before?.versions.slice(0, 1) ?? [])];
    const sighting = { versions, at: this.clock.now(), durationMs };
    this.sightings.set(host, sighting);
    return sighting;
  }
}

/** While nothing could be seen, and as long after, nothing follows from having seen nothing. */
function endOf({ at, durationMs }: Sighting, connectedSince: number): number {
  return Math.max(at, connectedSince) + durationMs;
}

function durationOf(lease: Lease | undefined): number {
  return lease?.spec.leaseDurationSeconds === undefined ? graceMs : lease.spec.leaseDurationSeconds * 1000;
}
