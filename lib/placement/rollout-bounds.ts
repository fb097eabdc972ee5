import type { RolloutStrategy } from '../api';

/** How far a rollout may be from what is wanted, in instances. */
export interface Bounds {
  /** Most instances above the wanted number. */
  readonly surge: number;
  /** Most instances below the wanted number that are not available. */
  readonly unavailable: number;
}

/** The bounds of every strategy that does not set its own, as of a Deployment but with none unavailable. */
const defaults = { maxSurge: '25%', maxUnavailable: 0 } as const;

/** Bounds of a strategy for so many instances: a share rounds up for surge and down for unavailable, and one of them is 1 at least. */
export function boundsOf(strategy: RolloutStrategy | undefined, desired: number): Bounds {
  const { maxSurge = defaults.maxSurge, maxUnavailable = defaults.maxUnavailable } =
    strategy?.rollingUpdate ?? {};
  const surge = Math.ceil(share(maxSurge, desired));
  const unavailable = Math.min(desired, Math.floor(share(maxUnavailable, desired)));
  // A share of few may come to nothing on both sides, and then nothing could move.
  return surge === 0 && unavailable === 0 ? { surge: 0, unavailable: 1 } : { surge, unavailable };
}

function share(value: number | string, of: number): number {
  return typeof value === 'number' ? value : (parseInt(value, 10) * of) / 100;
}
