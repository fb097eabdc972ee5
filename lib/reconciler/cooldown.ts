import { type Clock, monotonicClock } from '../kube';

/** Bounds how often something is done for one key. */
export class Cooldown {
  private readonly entered = new Map<string, number>();

  constructor(
    private readonly ms: number,
    private readonly clock: Clock = monotonicClock,
  ) {}

  /** 0 when it may be done now, which counts as done; else the milliseconds until it may. */
  enter(key: string): number {
    const now = this.clock.now();
    const last = this.entered.get(key);
    if (last !== undefined && now - last < this.ms) return last + this.ms - now;
    // Kept in the order of entry, so that what is over is at the front.
    this.entered.delete(key);
    for (const [other, at] of this.entered) {
      if (now - at < this.ms) break;
      this.entered.delete(other);
    }
    this.entered.set(key, now);
    return 0;
  }
}
