import type { Connection } from '../http/connection';
import type { ThreadPipe } from './thread-pipe';
import type { GuestWorker } from './guest-worker';
import { offerPlaces } from './worker-state';

/** A connection that came back, and the address that it was accepted at. */
export interface Returned {
  readonly listener: number;
  readonly connection: Connection;
}

/**
 * Connections on their way to one worker. Each stays open here until the worker has taken it, and can be taken back until then: what is sent
 * to a worker that a guest holds, or that ends, is not lost.
 */
export class HandOver {
  private readonly onWay = new Map<number, Returned>();
  private lastOffer = 0;

  constructor(
    private readonly pipe: ThreadPipe,
    private readonly worker: GuestWorker,
  ) {}

  /** How many are on their way. */
  get count(): number {
    return this.onWay.size;
  }

  /** Sends one; `false` when the worker has enough to take. */
  send(listener: number, connection: Connection): boolean {
    if (this.onWay.size >= offerPlaces / 2) return false;
    const offer = (this.lastOffer % 0x3fff_ffff) + 1;
    this.worker.state.offer(offer);
    if (!this.pipe.send(`${listener} ${offer}`, connection)) return false;
    this.lastOffer = offer;
    this.worker.expect();
    this.onWay.set(offer, { listener, connection });
    return true;
  }

  /** The worker has taken one. */
  taken(offer: number): void {
    this.onWay.get(offer)?.connection.close();
    this.onWay.delete(offer);
  }

  /** Takes back what the worker has not taken, of one address or of all; it never will. */
  takeBack(listener?: number): Returned[] {
    const returned = [...this.onWay].filter(
      ([offer, on]) => (listener === undefined || on.listener === listener) && this.worker.state.claim(offer),
    );
    for (const [offer] of returned) this.onWay.delete(offer);
    return returned.map(([, connection]) => connection);
  }

  /** The worker has ended; returns what it has not taken. */
  close(): Returned[] {
    const returned = this.takeBack();
    for (const offer of [...this.onWay.keys()]) this.taken(offer);
    this.pipe.close();
    return returned;
  }
}
