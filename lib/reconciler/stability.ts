import { type Clock, monotonicClock } from '../kube';

/** Losses longer ago than this are forgotten. */
const memoryMs = 600_000;
/** How long a host that was lost twice must be there to be trusted again, doubled at each further loss. */
const firstMs = 60_000;
const longestMs = 480_000;

interface Losses {
  readonly count: number;
  readonly lastAt: number;
}

/**
 * Tells hosts that come and go from those that were lost once: what moved off a host in time to save it must not move back and forth with
 * it. Counted by the local clock.
 */
export class Stability {
  private readonly losses = new Map<string, Losses>();

  constructor(private readonly clock: Clock = monotonicClock) {}

  /** Notes that a host was lost. */
  lost(host: string): void {
    const count = (this.current(host)?.count ?? 0) + 1;
    this.losses.set(host, { count, lastAt: this.clock.now() });
  }

  /** Goes on with what somebody else found out: the host is not to be trusted for the shortest time. */
  distrust(host: string): void {
    if (this.current(host) === undefined) this.losses.set(host, { count: 2, lastAt: this.clock.now() });
  }

  /** How often a host was lost of late. */
  count(host: string): number {
    return this.current(host)?.count ?? 0;
  }

  /** Milliseconds until a host is to be given something new; 0 when it is. */
  remainingMs(host: string): number {
    const losses = this.current(host);
    if (losses === undefined || losses.count < 2) return 0;
    const trustedAt = losses.lastAt + Math.min(firstMs * 2 ** (losses.count - 2), longestMs);
    return Math.max(0, trustedAt - this.clock.now());
  }

  forget(host: string): void {
    this.losses.delete(host);
  }

  private current(host: string): Losses | undefined {
    const losses = this.losses.get(host);
    if (losses !== undefined && this.clock.now() - losses.lastAt >= memoryMs) this.losses.delete(host);
    return this.losses.get(host);
  }
}
