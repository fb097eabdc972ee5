import type { GuestWorker } from './guest-worker';

/** Told whether any worker accepts connections; what it returns is waited for before workers stop on purpose. */
export type OnCovered = (covered: boolean) => void | Promise<void>;

/** Time beyond the grace in which a worker has to say that it is done; one that a guest holds never will. */
const answerMs = 500;

/** An address at which the workers of an actor accept connections themselves. */
export class DirectAddress {
  private readonly covering = new Set<GuestWorker>();
  /** Workers that accept, or were told to; with what waits for them to end their connections. */
  private readonly workers = new Map<GuestWorker, (() => void) | undefined>();
  private closed = false;

  constructor(
    readonly id: number,
    private readonly host: string,
    private readonly port: number,
    private readonly onCovered: OnCovered,
  ) {}

  /** Lets a worker that is ready accept connections. */
  add(worker: GuestWorker): void {
    this.workers.set(worker, undefined);
    worker.send(['listen', this.id, this.host, this.port]);
  }

  /** A worker accepts connections. */
  listening(worker: GuestWorker): void {
    if (this.closed || !this.workers.has(worker)) return;
    this.covering.add(worker);
    if (this.covering.size === 1) void this.onCovered(true);
  }

  /** A worker will be ended; resolves once somebody else accepts. */
  async without(worker: GuestWorker): Promise<void> {
    if (this.covering.delete(worker) && this.covering.size === 0) await this.onCovered(false);
  }

  /** Lets a worker accept no more and end its requests within `graceMs`; resolves once it has no connection left, or late. */
  async release(worker: GuestWorker, graceMs: number): Promise<void> {
    await this.without(worker);
    if (!this.workers.has(worker)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs + answerMs);
      this.workers.set(worker, () => {
        clearTimeout(timer);
        resolve();
      });
      worker.send(['unlisten', this.id, graceMs]);
    });
  }

  /** A worker has no connection left, as it was released or has ended. */
  gone(worker: GuestWorker): void {
    this.workers.get(worker)?.();
    this.workers.delete(worker);
    void this.without(worker);
  }

  /** Releases all workers, and takes no others. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    await Promise.all([...this.workers.keys()].map((worker) => this.release(worker, graceMs)));
  }
}
