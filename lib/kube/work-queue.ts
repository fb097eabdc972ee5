import { type Clock, monotonicClock } from './clock';

export interface WorkQueueOptions {
  /** Delay of a key's first retry, doubled at each further one. @default 200 */
  readonly minRetryMs?: number;
  /** Longest delay of a retry. @default 300000 */
  readonly maxRetryMs?: number;
  /** @default the process's monotonic clock */
  readonly clock?: Clock;
}

interface Delayed {
  readonly at: number;
  readonly cancel: () => void;
  /** Whether only the last pass asked for it, so that the next may withdraw it. */
  readonly asked: boolean;
}

/**
 * A queue of distinct keys, the one of client-go: a key waits at most once, and is never handed to two workers at a time. A key
 * added while it is processed is handed out again after {@link done}.
 */
export class WorkQueue {
  /** Keys with work to do, whether they wait in `queue` or for their current processing to end. */
  private readonly dirty = new Map<string, number>();
  private readonly processing = new Set<string>();
  private queue: string[] = [];
  private head = 0;
  private readonly delayed = new Map<string, Delayed>();
  private readonly failures = new Map<string, number>();
  private waiters: ((key: string | undefined) => void)[] = [];
  private closed = false;
  private readonly clock: Clock;
  private readonly minRetryMs: number;
  private readonly maxRetryMs: number;

  constructor(options: WorkQueueOptions = {}) {
    this.clock = options.clock ?? monotonicClock;
    this.minRetryMs = options.minRetryMs ?? 200;
    this.maxRetryMs = options.maxRetryMs ?? 300_000;
  }

  /** Keys that wait to be handed out now. */
  get depth(): number {
    return this.queue.length - this.head;
  }

  add(key: string): void {
    if (this.closed || this.dirty.has(key)) return;
    this.dirty.set(key, this.clock.now());
    if (!this.processing.has(key)) this.push(key);
  }

  /** Adds a key after a delay; of several delays of one key the shortest counts. */
  addAfter(key: string, ms: number): void {
    this.delay(key, ms, false);
  }

  /**
   * Takes note that a pass of a key went well: its failures are forgotten, and it comes again after what this pass asks for, not
   * what earlier ones did.
   */
  settle(key: string, againInMs?: number): void {
    this.failures.delete(key);
    this.withdraw(key);
    if (againInMs !== undefined) this.delay(key, againInMs, true);
  }

  /** Adds a key that failed, after a delay that grows with each failure in a row. Returns the delay in milliseconds. */
  retry(key: string): number {
    const failures = this.failures.get(key) ?? 0;
    this.failures.set(key, failures + 1);
    const ms = Math.min(this.maxRetryMs, this.minRetryMs * 2 ** Math.min(failures, 30));
    this.delay(key, ms, true);
    return ms;
  }

  /** The next key and how long it waited, or undefined once the queue is closed. Call {@link done} after processing it. */
  async next(): Promise<{ key: string; waitedMs: number } | undefined> {
    const key = this.shift() ?? (await this.wait());
    if (key === undefined) return undefined;
    const waitedMs = this.clock.now() - (this.dirty.get(key) ?? this.clock.now());
    this.dirty.delete(key);
    this.processing.add(key);
    return { key, waitedMs };
  }

  done(key: string): void {
    this.processing.delete(key);
    if (this.dirty.has(key) && !this.closed) this.push(key);
  }

  /** Drops what waits and ends all {@link next}; for good. */
  close(): void {
    this.closed = true;
    for (const { cancel } of this.delayed.values()) cancel();
    this.delayed.clear();
    this.dirty.clear();
    this.queue = [];
    this.head = 0;
    for (const wake of this.waiters.splice(0)) wake(undefined);
  }

  private delay(key: string, ms: number, asked: boolean): void {
    if (this.closed) return;
    if (ms <= 0) return this.add(key);
    const earlier = this.delayed.get(key);
    const at = this.clock.now() + ms;
    if (earlier !== undefined && earlier.at <= at) {
      // What changed counts on it from now on.
      if (!asked) this.delayed.set(key, { ...earlier, asked });
      return;
    }
    earlier?.cancel();
    const cancel = this.clock.after(ms, () => {
      this.delayed.delete(key);
      this.add(key);
    });
    this.delayed.set(key, { at, cancel, asked: asked && earlier?.asked !== false });
  }

  private withdraw(key: string): void {
    const delayed = this.delayed.get(key);
    if (delayed?.asked !== true) return;
    delayed.cancel();
    this.delayed.delete(key);
  }

  private push(key: string): void {
    const wake = this.waiters.shift();
    if (wake !== undefined) wake(key);
    else this.queue.push(key);
  }

  private shift(): string | undefined {
    const key = this.queue[this.head];
    if (key === undefined) return undefined;
    // `Array.shift` moves the whole array each time; this moves it once in a while.
    if (++this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    return key;
  }

  private wait(): Promise<string | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.waiters.push(resolve));
  }
}
