import { monotonicMs } from './protocol';
import type { WorkerState } from './worker-state';

/** A call under way, between the one that began before and the one that began after it. */
class Running {
  before: Running | undefined;
  after: Running | undefined;

  constructor(
    readonly since: number,
    readonly expire: () => void,
  ) {}
}

export type { Running };

/**
 * Bounds how long calls may take. A guest that waits is ended from here. A guest that computes holds this thread, so that nothing here can
 * run: for that case the start of the oldest call is shared with the main thread, which then ends the worker.
 *
 * A list that calls are linked into, as a Map makes tables anew for every few that come and go.
 */
export class Deadlines {
  private oldest: Running | undefined;
  private newest: Running | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limitMs: number,
    private readonly state: WorkerState,
  ) {}

  start(expire: () => void): Running {
    const call = new Running(monotonicMs(), expire);
    call.before = this.newest;
    if (this.newest === undefined) this.begins(call);
    else this.newest.after = call;
    this.newest = call;
    // An idle worker keeps its timer: re-arming it for every call would cost more than one look in vain.
    this.timer ??= setTimeout(() => this.check(), this.limitMs);
    return call;
  }

  /** Ends the bound of a call; of one that expired or was ended before it does nothing. */
  end(call: Running): void {
    const { before, after } = call;
    if (before === undefined && this.oldest !== call) return;
    if (before === undefined) this.begins(after);
    else before.after = after;
    if (after === undefined) this.newest = before;
    else after.before = before;
    call.before = call.after = undefined;
  }

  /** The oldest is another now. */
  private begins(oldest: Running | undefined): void {
    this.oldest = oldest;
    this.state.oldestCall = oldest?.since ?? 0;
  }

  private check(): void {
    this.timer = undefined;
    const now = monotonicMs();
    for (let call = this.oldest; call !== undefined; call = this.oldest) {
      const leftMs = this.limitMs - (now - call.since);
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.check(), leftMs + 1);
        return;
      }
      this.end(call);
      call.expire();
    }
  }
}
