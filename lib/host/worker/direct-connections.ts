import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import type { Connection } from '../http/connection';
import { HandOver, type Returned } from './hand-over';
import type { FromWorker } from './protocol';
import type { Slot } from './slot';
import { canHandOver, ThreadPipe } from './thread-pipe';

/** How often connections are looked after that no worker has taken yet. */
const checkMs = 100;
/** Time beyond the grace in which a worker has to say that it is done; one that a guest holds never will. */
const answerMs = 500;

/** An address whose connections the workers of one actor serve. */
export interface DirectAddress {
  /** Whether workers would take a connection now. */
  readonly ready: boolean;
  /** Hands a connection to a worker; `false` when none can take it, and it stays the caller's. */
  take(connection: Connection): boolean;
  /** Hands over no more, and lets requests end for as long as `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Connections that the main thread accepts and an actor's workers serve, so that a request meets no other thread on its way. Each goes to the
 * worker that has the fewest. One that no worker takes in time is given back to whoever accepted it.
 */
export class DirectConnections {
  /** What gives back the connections of each address. */
  private readonly addresses = new Map<number, (connection: Connection) => void>();
  /** The same of addresses that are being closed. */
  private readonly closing: typeof this.addresses = new Map();
  /** What waits for a worker to have ended the connections of an address. */
  private readonly releases = new Map<string, () => void>();
  private nextAddress = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param onLack No worker can take a connection. */
  constructor(
    private readonly slots: readonly Slot[],
    private readonly onLack: () => void,
    private readonly log: Logger,
  ) {}

  /** Whether there is any address. */
  get wanted(): boolean {
    return this.addresses.size > 0;
  }

  listen(giveBack: (connection: Connection) => void): DirectAddress {
    const id = this.nextAddress++;
    this.addresses.set(id, giveBack);
    for (const slot of this.slots) if (slot.ready) void this.join(slot);
    const best = (): HandOver | undefined => (this.addresses.has(id) ? this.best() : undefined);
    return {
      get ready() {
        return best() !== undefined;
      },
      take: (connection) => this.take(id, connection),
      close: (graceMs) => this.end(id, giveBack, graceMs),
    };
  }

  /** A worker is ready to serve. */
  async join(slot: Slot): Promise<void> {
    if (!canHandOver || !this.wanted || slot.joining) return;
    slot.joining = true;
    try {
      const { worker } = slot;
      const pipe = await ThreadPipe.open((file) => worker.send(['accept', file]));
      if (!this.slots.includes(slot)) return pipe.close();
      slot.handOver = new HandOver(pipe, worker);
      this.balance();
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'Worker takes no connections, requests reach it by message');
    }
  }

  receive(slot: Slot, message: Extract<FromWorker, readonly ['connected' | 'unlistened', number]>): void {
    if (message[0] === 'connected') slot.handOver?.taken(message[1]);
    else this.releases.get(`${slot.id} ${message[1]}`)?.();
  }

  /** Lets a worker, which is no longer among the slots, end its connections within `graceMs`. */
  async release(slot: Slot, graceMs: number): Promise<void> {
    this.giveBack(slot.handOver?.takeBack() ?? []);
    const all = [...this.addresses, ...this.closing];
    await Promise.all(all.map(([id, giveBack]) => this.unlisten(slot, id, giveBack, graceMs)));
  }

  /** A worker has ended. */
  lost(slot: Slot): void {
    for (const id of [...this.addresses.keys(), ...this.closing.keys()])
      this.releases.get(`${slot.id} ${id}`)?.();
    this.giveBack(slot.handOver?.close() ?? []);
    slot.handOver = undefined;
  }

  /** Closes all addresses. */
  async close(graceMs: number): Promise<void> {
    const all = [...this.addresses, ...this.closing];
    await Promise.all(all.map(([id, giveBack]) => this.end(id, giveBack, graceMs)));
  }

  private async end(id: number, giveBack: (connection: Connection) => void, graceMs: number): Promise<void> {
    this.addresses.delete(id);
    this.closing.set(id, giveBack);
    await Promise.all(this.slots.map((slot) => this.unlisten(slot, id, giveBack, graceMs)));
    this.closing.delete(id);
  }

  private take(listener: number, connection: Connection): boolean {
    const taken = this.addresses.has(listener) && this.best()?.send(listener, connection) === true;
    if (taken) this.timer ??= setTimeout(() => this.check(), checkMs).unref();
    else this.onLack();
    return taken;
  }

  private best(): HandOver | undefined {
    let best: { readonly handOver: HandOver; readonly load: number } | undefined;
    for (const { handOver, ending, worker } of this.slots) {
      if (handOver === undefined || ending || !worker.responsive) continue;
      const load = handOver.count + worker.state.connections;
      if (best === undefined || load < best.load) best = { handOver, load };
    }
    return best?.handOver;
  }

  /** Gives back what is on its way to workers that a guest holds. */
  private check(): void {
    this.timer = undefined;
    for (const { handOver, worker } of this.slots) {
      if (handOver === undefined || handOver.count === 0) continue;
      if (!worker.responsive) this.giveBack(handOver.takeBack());
      this.timer ??= setTimeout(() => this.check(), checkMs).unref();
    }
  }

  private giveBack(returned: readonly Returned[]): void {
    for (const { listener, connection } of returned) {
      const giveBack = this.addresses.get(listener);
      if (giveBack === undefined) connection.close();
      else giveBack(connection);
    }
  }

  /** Asks workers that have more connections than their share to let some go: their clients come back, and go to the one that has fewer. */
  private balance(): void {
    const workers = this.slots.filter(({ handOver }) => handOver !== undefined).map(({ worker }) => worker);
    const share = Math.ceil(workers.reduce((sum, { state }) => sum + state.connections, 0) / workers.length);
    for (const worker of workers) {
      const excess = worker.state.connections - share;
      if (excess > 0) worker.send(['shed', excess]);
    }
  }

  private async unlisten(
    slot: Slot,
    listener: number,
    giveBack: (connection: Connection) => void,
    graceMs: number,
  ): Promise<void> {
    const { handOver, worker, id } = slot;
    if (handOver === undefined) return;
    // What is still under way goes to whoever serves the address next.
    for (const returned of handOver.takeBack(listener)) giveBack(returned.connection);
    const key = `${id} ${listener}`;
    const earlier = this.releases.get(key);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs + answerMs);
      this.releases.set(key, () => {
        clearTimeout(timer);
        earlier?.();
        resolve();
      });
      worker.send(['unlisten', listener, graceMs]);
    });
    this.releases.delete(key);
  }
}
