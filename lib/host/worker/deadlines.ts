import { monotonicMs } from './protocol';
import type { WorkerState } from './worker-state';

/**
 * Bounds how long calls may take. A guest that waits is ended from here. A guest that computes holds this thread, so that nothing here can
 * run: for that case the start of the oldest call is shared with the main thread, which then ends the worker.
 */
export class Deadlines {
  /** Starts by call, oldest first. */
  private readonly running = new Map<object, { readonly since: number; readonly expire: () => void }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limitMs: number,
    private readonly state: WorkerState,
  ) {}

  start(call: object, expire: () => void): void {
    const since = monotonicMs();
    this.running.set(call, { since, expire });
    if (this.running.size > 1) return;
    this.state.oldestCall = since;
    // An idle worker keeps its timer: re-arming it for every call would cost more than one look in vain.
    this.timer ??= setTimeout(() => this.check(), this.limitMs);
  }

  end(call: object): void {
    this.running.delete(call);
    this.share();
  }

  private share(): void {
    this.state.oldestCall = this.running.size === 0 ? 0 : (this.running.values().next().value?.since ?? 0);
  }

  private check(): void {
    this.timer = undefined;
    const now = monotonicMs();
    for (const [call, { since, expire }] of this.running) {
      if (now - since < this.limitMs) {
        this.timer = setTimeout(() => this.check(), this.limitMs - (now - since) + 1);
        break;
      }
      this.running.delete(call);
      expire();
    }
    this.share();
  }
}
