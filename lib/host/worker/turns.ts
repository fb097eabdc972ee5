import { CallError } from '../call-error';
import type { Permits } from './permits';

/** Longest time that a call waits for its turn. */
const patienceMs = 10_000;

/** A call that can be told that it waited too long, or that there is no place to wait in. */
export interface TurnTaker {
  fail(error: CallError): void;
}

/** Lets calls begin as permits allow, first come first served, and keeps a bounded number of them waiting. */
export class Turns<T extends TurnTaker> {
  private readonly waiting = new Map<T, NodeJS.Timeout>();
  private watching = false;

  constructor(
    private readonly permits: Permits,
    /** It is the call's turn. */
    private readonly begin: (call: T) => void,
    /** Whether a call could begin, were there a permit. */
    private readonly able: () => boolean = () => true,
    /** Told how many calls wait, each time that it changes. */
    private readonly onWaiting: (count: number) => void = () => undefined,
  ) {}

  /** Calls that wait. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** The call begins now, later, or fails. */
  enter(call: T): void {
    if (this.permits.limit === 0) return call.fail(new CallError('NotServing', 'The actor has no instances'));
    if (this.waiting.size === 0 && this.tryBegin(call)) return;
    const places = Math.max(64, Math.min(this.permits.limit * 2, 1024));
    if (this.waiting.size >= places) return call.fail(overloaded(`${places} calls are waiting already`));
    const giveUp = (): void => {
      this.withdraw(call);
      call.fail(overloaded(`no instance was free within ${patienceMs} ms`));
    };
    this.waiting.set(call, setTimeout(giveUp, patienceMs));
    this.onWaiting(this.waiting.size);
    this.watch();
  }

  /** Takes back a call that waits, as nobody wants its answer any more. */
  withdraw(call: T): boolean {
    const timer = this.waiting.get(call);
    if (timer === undefined) return false;
    clearTimeout(timer);
    this.waiting.delete(call);
    this.onWaiting(this.waiting.size);
    return true;
  }

  /** A call that began has ended. */
  leave(): void {
    this.permits.giveBack();
    this.pump();
  }

  /** Begins what can begin. */
  pump(): void {
    for (const call of this.waiting.keys()) {
      if (!this.tryBegin(call)) return this.watch();
    }
  }

  /** Fails everything that waits. */
  failAll(error: CallError): void {
    for (const call of [...this.waiting.keys()]) {
      this.withdraw(call);
      call.fail(error);
    }
  }

  private tryBegin(call: T): boolean {
    if (!this.able() || !this.permits.tryTake()) return false;
    if (this.waiting.size > 0) this.withdraw(call);
    this.begin(call);
    return true;
  }

  /** Other threads give permits back too. */
  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    void this.permits.changed().then(() => {
      this.watching = false;
      this.pump();
    });
  }
}

function overloaded(why: string): CallError {
  return new CallError('Overloaded', `The actor is overloaded: ${why}`, 'Raise spec.instances or add hosts');
}
