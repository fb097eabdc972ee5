import { callOutcomes, type CallOutcome } from '../call-error';

/** Sockets that can be told of at once; calls beyond are cut without a word when their worker is ended. */
const maxSockets = 1024;
/** Connections that can be on offer to the worker at once, twice over: an offer that was taken back is not mistaken for a later one. */
export const offerPlaces = 128;

/** Places among the numbers. */
const oldestCall = 0;
const directCalls = 1;
const handled = 2;
const connections = 3;
const waiting = 4;
const firstOutcome = 5;
const numberCount = firstOutcome + callOutcomes.length;
const size = numberCount * 8 + maxSockets * 12 + offerPlaces * 4;

/** A call that a worker serves on a socket of its own. */
export interface HeldSocket {
  readonly fd: number;
  /** When the call began, as {@link monotonicMs}. */
  readonly since: number;
}

/**
 * What a worker lets the main thread see at any time, even while a guest holds its thread. Only the worker writes, and each number is read
 * alone, so plain reads and writes do. What both write are the offers of connections, which are claimed atomically.
 */
export class WorkerState {
  private readonly numbers: Float64Array;
  private readonly starts: Float64Array;
  private readonly fds: Int32Array;
  private readonly offers: Int32Array;
  /** Known to the worker alone. */
  private readonly freeSlots = Array.from({ length: maxSockets }, (_, slot) => maxSockets - 1 - slot);

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(size)) {
    this.numbers = new Float64Array(buffer, 0, numberCount);
    this.starts = new Float64Array(buffer, numberCount * 8, maxSockets);
    this.fds = new Int32Array(buffer, (numberCount + maxSockets) * 8, maxSockets);
    this.offers = new Int32Array(buffer, size - offerPlaces * 4, offerPlaces);
  }

  /** Messages and connections that the worker has looked at. */
  get handled(): number {
    return this.numbers[handled] ?? 0;
  }

  set handled(count: number) {
    this.numbers[handled] = count;
  }

  /** Connections that the worker serves itself. */
  get connections(): number {
    return this.numbers[connections] ?? 0;
  }

  set connections(count: number) {
    this.numbers[connections] = count;
  }

  /** Offers a connection to the worker. @param offer above 0, and of no other connection for a long time */
  offer(offer: number): void {
    Atomics.store(this.offers, offer % offerPlaces, offer);
  }

  /** Takes a connection that is on offer, or takes it back: whether it is the caller's now. */
  claim(offer: number): boolean {
    return Atomics.compareExchange(this.offers, offer % offerPlaces, offer, 0) === offer;
  }

  /** Since when the oldest call has been running, as {@link monotonicMs}; 0 when there is none. */
  get oldestCall(): number {
    return this.numbers[oldestCall] ?? 0;
  }

  set oldestCall(since: number) {
    this.numbers[oldestCall] = since;
  }

  /** Calls under way that the worker accepted itself. */
  get directCalls(): number {
    return this.numbers[directCalls] ?? 0;
  }

  set directCalls(count: number) {
    this.numbers[directCalls] = count;
  }

  /** Calls that the worker accepted itself and that wait for their turn. */
  get waiting(): number {
    return this.numbers[waiting] ?? 0;
  }

  set waiting(count: number) {
    this.numbers[waiting] = count;
  }

  /** Calls that the worker accepted itself and that have ended, by outcome. */
  ended(outcome: CallOutcome): number {
    return this.numbers[firstOutcome + callOutcomes.indexOf(outcome)] ?? 0;
  }

  countEnded(outcome: CallOutcome): void {
    const place = firstOutcome + callOutcomes.indexOf(outcome);
    this.numbers[place] = (this.numbers[place] ?? 0) + 1;
  }

  /** Tells of a socket on which an answer is owed; returns its slot. */
  hold(fd: number, since: number): number {
    const slot = this.freeSlots.pop() ?? -1;
    if (slot >= 0) {
      this.starts[slot] = since;
      this.fds[slot] = fd;
    }
    return slot;
  }

  release(slot: number): void {
    if (slot < 0) return;
    this.fds[slot] = 0;
    this.freeSlots.push(slot);
  }

  /** Sockets on which an answer is owed. */
  held(): HeldSocket[] {
    return [...this.fds].flatMap((fd, slot) => (fd > 0 ? [{ fd, since: this.starts[slot] ?? 0 }] : []));
  }
}
