import { TerminalError, messageOf } from '../base/errors';
import { log } from '../base/log';
import { sleep } from '../base/sleep';
import type { KubeClient } from './client';
import { withDeadline } from './deadline';
import { LeaseRecord } from './lease-record';

export interface LeaseKeeperOptions {
  readonly namespace: string;
  readonly name: string;
  /** Stays the same when the holder restarts, or the restart waits for its own old lease to end. */
  readonly identity: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** How long others wait for a holder that fell silent. @default 10000 */
  readonly durationMs?: number;
  /** Pause between heartbeats. @default 3000 */
  readonly renewMs?: number;
  /** Called once when another identity took the lease; the heartbeat has ended then. */
  readonly onLost?: (error: TerminalError) => void;
}

/**
 * A heartbeat: keeps a Lease renewed for as long as the process lives, through any outage of the API server.
 */
export class LeaseKeeper {
  private readonly record: LeaseRecord;
  private readonly stopping = new AbortController();
  /** Gives up the heartbeat that is under way. */
  private readonly cut = new AbortController();
  private beating: Promise<void> | undefined;
  private readonly durationMs: number;
  private readonly renewMs: number;

  constructor(
    client: KubeClient,
    private readonly options: LeaseKeeperOptions,
  ) {
    this.durationMs = options.durationMs ?? 10_000;
    this.renewMs = options.renewMs ?? 3_000;
    this.record = new LeaseRecord(client, { ...options, durationMs: this.durationMs });
  }

  /**
   * Resolves after the first heartbeat, however long the API server is away.
   * @throws TerminalError `LeaseHeld` when another identity keeps the lease alive
   */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    let seen: string | undefined;
    while (!(await this.beat(signal))) {
      if (this.record.heldByOther) {
        // The holder may have died just now: its lease is watched until it either moves or ends.
        if (seen !== undefined && seen !== this.record.version) throw this.held();
        seen = this.record.version;
      }
      await sleep(this.renewMs, signal);
    }
    this.beating = this.keep(signal);
  }

  /** Ends the heartbeat; with `remove` the Lease is deleted, so that nobody waits for its end. */
  async stop({ remove = false } = {}): Promise<void> {
    const stopped = new Error(`The heartbeat ${this.options.name} was stopped`);
    this.stopping.abort(stopped);
    // Of a heartbeat that was cut off nobody knows whether it has made the Lease anew.
    const patience = setTimeout(() => this.cut.abort(stopped), this.renewMs);
    await this.beating;
    clearTimeout(patience);
    if (!remove) return;
    try {
      await withDeadline(
        this.renewMs,
        'The lease was not deleted in time',
        new AbortController().signal,
        (limit) => this.record.remove(limit),
      );
    } catch (error) {
      // It runs out by itself.
      log.warn({ lease: this.options.name, error: messageOf(error) }, 'Could not delete the lease');
    }
  }

  private async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.renewMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.aborted) return;
      const beaten = await this.beat(this.cut.signal);
      if (!beaten && this.record.heldByOther) {
        const error = this.held();
        log.error({ lease: this.options.name, error: error.message }, 'Lost the lease');
        this.options.onLost?.(error);
        return;
      }
    }
  }

  /** One heartbeat; false when it failed or another holds the lease. */
  private async beat(signal: AbortSignal): Promise<boolean> {
    try {
      const late = 'The heartbeat was not answered in time';
      return await withDeadline(this.durationMs, late, signal, (limit) => this.record.acquire(limit));
    } catch (error) {
      if (signal.aborted) return false;
      log.warn({ lease: this.options.name, error: messageOf(error) }, 'Heartbeat failed');
      return false;
    }
  }

  private held(): TerminalError {
    return new TerminalError(
      'LeaseHeld',
      `The lease ${this.options.namespace}/${this.options.name} is kept alive by ${JSON.stringify(this.record.holder)}`,
      'Give this one another name, or stop the other',
    );
  }
}
