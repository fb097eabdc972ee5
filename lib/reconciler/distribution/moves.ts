import { type Clock, monotonicClock } from '../../kube';

/** What moves on within this time counts as one move. */
const settleMs = 2_000;
/** A move that never ends, say because its writes are refused, holds up nobody for longer. */
const longestMs = 30_000;

/** Tells whether something is being moved off lost hosts: what they leave behind is cleared away when all of it runs elsewhere. */
export class Moves {
  private since = -Infinity;
  private at = -Infinity;

  constructor(private readonly clock: Clock = monotonicClock) {}

  /** Takes note that something is being moved now. */
  note(): void {
    const now = this.clock.now();
    if (now - this.at >= settleMs) this.since = now;
    this.at = now;
  }

  get underWay(): boolean {
    const now = this.clock.now();
    return now - this.at < settleMs && now - this.since < longestMs;
  }
}
