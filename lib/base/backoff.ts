/** Bounds of an exponential back-off, in milliseconds. */
export interface BackoffOptions {
  /** First delay. @default 500 */
  readonly minMs?: number;
  /** Longest delay. @default 30000 */
  readonly maxMs?: number;
  /** Source of jitter in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** Exponential back-off with jitter: the n-th delay is drawn from the upper half of [0, min·2ⁿ], never above the maximum. */
export class Backoff {
  private attempts = 0;
  private readonly minMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;

  constructor(options: BackoffOptions = {}) {
    this.minMs = options.minMs ?? 500;
    this.maxMs = options.maxMs ?? 30_000;
    this.random = options.random ?? Math.random;
  }

  /** The next delay in milliseconds; each call counts as one failure. */
  next(): number {
    const ceiling = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.attempts++, 30));
    return ceiling / 2 + (ceiling / 2) * this.random();
  }

  /** Forgets the failures: the next delay is the first again. */
  reset(): void {
    this.attempts = 0;
  }
}
