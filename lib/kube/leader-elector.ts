import { KasmError, messageOf } from '../base/errors';
import { log } from '../base/log';
import { gauge } from '../base/metrics';
import { sleep } from '../base/sleep';
import { isApiError } from './api-error';
import type { KubeClient } from './client';
import { type Clock, monotonicClock } from './clock';
import { withDeadline } from './deadline';
import { LeaseRecord } from './lease-record';

export interface LeaderElectorOptions {
  readonly namespace: string;
  /** Name of the Lease that the contenders share. */
  readonly name: string;
  /** Unique among the contenders. */
  readonly identity: string;
  /** How long others wait for a leader that fell silent. @default 12000 */
  readonly leaseMs?: number;
  /** How long a leader goes on without having renewed; shorter than `leaseMs`. @default 8000 */
  readonly renewDeadlineMs?: number;
  /** Pause between tries, to take the lease and to renew it. @default 2000 */
  readonly retryMs?: number;
  readonly clock?: Clock;
}

/** How long the API server may take for an answer to a renewal before something is wrong with it. */
const answerMs = 3_000;

/** What a leader does until `signal` aborts; then it must stop before the lease can end, within a few seconds. */
export type Lead = (signal: AbortSignal) => Promise<void>;

const leading = gauge('leader', '1 while this process leads', ['lease']);

/**
 * Lets one of several processes lead at a time, by a Lease, with client-go's rules. A leader that cannot renew stops leading before another
 * may begin, whatever the clocks of the machines say. With 12 s lease, 8 s renew deadline and 2 s retry, another leads within 15 s of its
 * end: a renewal is seen at most 2.4 s after it was written. client-go's 15, 10 and 2 s make it 20.
 */
export class LeaderElector {
  private readonly record: LeaseRecord;
  private readonly clock: Clock;
  private leads = false;
  /** When the renewal that was last answered was sent, and when it was answered. */
  private renewedAt = -Infinity;
  private answeredAt = -Infinity;
  private inTimeSince = -Infinity;
  private readonly leaseMs: number;
  private readonly renewDeadlineMs: number;
  private readonly retryMs: number;

  constructor(
    client: KubeClient,
    private readonly options: LeaderElectorOptions,
  ) {
    this.leaseMs = options.leaseMs ?? 12_000;
    this.renewDeadlineMs = options.renewDeadlineMs ?? 8_000;
    this.retryMs = options.retryMs ?? 2_000;
    this.clock = options.clock ?? monotonicClock;
    this.record = new LeaseRecord(client, { ...options, durationMs: this.leaseMs });
  }

  get isLeader(): boolean {
    return this.leads;
  }

  /**
   * Since when, by the clock, this leader's renewals are answered in time; undefined while one is not. Until then others, which write by
   * the same way, cannot be blamed for having fallen silent.
   */
  get steadySince(): number | undefined {
    return this.leads && this.isInTime() ? this.inTimeSince : undefined;
  }

  /**
   * To be called before each write of a leader: a process that was frozen may go on with what it was about before it learns that another
   * leads.
   * @throws KasmError unless the lease is certain to be ours still
   */
  assertLeads(): void {
    if (this.leads && this.clock.now() - this.renewedAt < this.renewDeadlineMs) return;
    throw new KasmError(
      `The lease ${this.options.namespace}/${this.options.name} may be another's by now`,
      'Nothing is to be done: whoever leads goes on with it',
    );
  }

  /** Who leads, as last seen. */
  get leader(): string | undefined {
    return this.record.holder;
  }

  /**
   * Contends until `signal` aborts. While it leads it runs `lead`; having lost the lease it contends again.
   * @throws what `lead` throws; the lease is given back then, and also when `lead` returns by itself, which ends the contest
   */
  async run(lead: Lead, signal: AbortSignal): Promise<void> {
    // Of those that stand by as well: only then a sum of 0 tells that nobody leads.
    leading.set({ lease: this.options.name }, 0);
    while (await this.acquire(signal)) {
      const lost = await this.term(lead, signal);
      if (!lost) return;
    }
  }

  /** Resolves with true once the lease is ours, with false when `signal` aborts. */
  private async acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        const late = 'The lease was not answered in time';
        const startedAt = this.clock.now();
        const ours = await withDeadline(this.renewDeadlineMs, late, signal, (limit) =>
          this.record.acquire(limit),
        );
        if (ours) {
          this.renewed(startedAt);
          return true;
        }
      } catch (error) {
        if (signal.aborted) return false;
        if (!isApiError(error, 409)) this.report(error, 'Could not contend for the lease');
      }
      // Jitter, so that contenders do not go on colliding; the end of another's lease is not slept through.
      const retryMs = this.retryMs * (1 + Math.random() / 5);
      await this.pause(Math.min(retryMs, this.record.othersForMs || retryMs), signal);
    }
    return false;
  }

  /** Leads once. Resolves with true when the lease was lost, false when leading ended otherwise. */
  private async term(lead: Lead, signal: AbortSignal): Promise<boolean> {
    const term = new AbortController();
    const onAbort = (): void => term.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.setLeading(true);
    let lost = false;
    const renewing = this.renew(term.signal).then((ended) => {
      lost = ended;
      if (lost) term.abort(new Error(`The lease ${this.options.name} was lost`));
    });
    try {
      await lead(term.signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      term.abort();
      await renewing;
      this.setLeading(false);
      if (!lost) await this.release();
    }
    return lost;
  }

  /** Renews until `signal` aborts (false) or the lease is lost (true). */
  private async renew(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await this.pause(this.retryMs, signal);
      if (signal.aborted) return false;
      const startedAt = this.clock.now();
      const left = this.renewedAt + this.renewDeadlineMs - startedAt;
      if (left <= 0) return true;
      try {
        const late = 'The lease was not renewed in time';
        const ours = await withDeadline(left, late, signal, (limit) => this.record.acquire(limit));
        if (!ours) return true;
        this.renewed(startedAt);
      } catch (error) {
        if (signal.aborted) return false;
        this.report(error, 'Could not renew the lease');
      }
    }
  }

  private renewed(startedAt: number): void {
    const late = !this.leads || !this.isInTime();
    this.renewedAt = startedAt;
    this.answeredAt = this.clock.now();
    if (late) this.inTimeSince = this.answeredAt;
  }

  private isInTime(): boolean {
    return this.clock.now() - this.answeredAt <= this.retryMs + answerMs;
  }

  private async release(): Promise<void> {
    try {
      await withDeadline(
        this.retryMs,
        'The lease was not released in time',
        new AbortController().signal,
        (limit) => this.record.release(limit),
      );
    } catch (error) {
      // It runs out by itself.
      this.report(error, 'Could not release the lease');
    }
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  private setLeading(leads: boolean): void {
    const { name, identity } = this.options;
    this.leads = leads;
    leading.set({ lease: name }, leads ? 1 : 0);
    log.info({ lease: name, identity }, leads ? 'Began to lead' : 'Ceased to lead');
  }

  private report(error: unknown, message: string): void {
    log.warn({ lease: this.options.name, error: messageOf(error) }, message);
  }
}
