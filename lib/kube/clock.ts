/** Time as queues and leases see it: monotonic, replaceable by tests. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  now(): number;
  /** Calls `action` after `ms` milliseconds; returns the function that cancels it. */
  after(ms: number, action: () => void): () => void;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
