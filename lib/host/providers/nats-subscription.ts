import type { Msg, Subscription } from 'nats';
import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { within } from '../../base/sleep';
import type { LatticeConnection } from '../../lattice/connection';

/** Messages that are handled at a time, as many as wasmCloud's provider handles. */
const maxRunning = 75;
/** Messages that wait for their turn. Core NATS keeps none for those who are slow: what is beyond is lost, and that is said. */
const maxWaiting = 4096;
const maxWaitingBytes = 64 * 1024 * 1024;

export interface SubscriptionOptions {
  readonly subject: string;
  /** Queue group that shares the messages among its members. */
  readonly queue: string | undefined;
  readonly log: Logger;
}

/** One subscription, whose messages are handled a bounded number at a time. */
export class NatsSubscription {
  private readonly subscription: Subscription;
  private readonly running = new Set<Promise<void>>();
  private readonly waiting: Msg[] = [];
  private waitingBytes = 0;
  private lost = 0;

  /** @param handle A message that it rejects is lost, as nobody waits for it. */
  constructor(
    private readonly connection: LatticeConnection,
    private readonly options: SubscriptionOptions,
    private readonly handle: (message: Msg) => Promise<void>,
  ) {
    const { subject, queue, log } = options;
    this.subscription = connection.nats.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error) log.error({ subject, error: messageOf(error) }, 'NATS refused a subscription');
        else this.arrived(message);
      },
    });
  }

  /** Whether messages arrive still. */
  get open(): boolean {
    return !this.subscription.isClosed();
  }

  /** Takes no more messages, and lets those that have arrived be handled for as long as `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await within(graceMs, this.ended());
    this.waiting.length = 0;
  }

  private async ended(): Promise<void> {
    // What the server has sent already still arrives.
    if (this.connection.connected && this.open) await this.subscription.drain();
    else this.subscription.unsubscribe();
    while (this.running.size > 0) await Promise.race(this.running);
  }

  private arrived(message: Msg): void {
    if (this.running.size < maxRunning) return this.start(message);
    const bytes = this.waitingBytes + message.data.length;
    if (this.waiting.length >= maxWaiting || bytes > maxWaitingBytes) return this.lose();
    this.waiting.push(message);
    this.waitingBytes = bytes;
  }

  private start(message: Msg): void {
    const { subject, log } = this.options;
    const run = this.handle(message)
      .catch((error: unknown) => log.warn({ subject, error: messageOf(error) }, 'Message was not handled'))
      .finally(() => {
        this.running.delete(run);
        const next = this.waiting.shift();
        if (next === undefined) return this.caughtUp();
        this.waitingBytes -= next.data.length;
        this.start(next);
      });
    this.running.add(run);
  }

  private lose(): void {
    const { subject, log } = this.options;
    if (this.lost++ === 0) log.warn({ subject }, 'Messages are lost, as they arrive faster than handled');
  }

  private caughtUp(): void {
    if (this.lost === 0) return;
    const { subject, log } = this.options;
    log.warn({ subject, lost: this.lost }, 'Messages were lost, as they arrived faster than handled');
    this.lost = 0;
  }
}
