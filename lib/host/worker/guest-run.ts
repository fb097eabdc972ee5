import { isWitError } from '../engine/engine';
import { messageOf } from '../../base/errors';
import type { Deadlines, Running } from './deadlines';
import type { Instances, Lease } from './instances';
import type { CallFailure } from './protocol';

/** What calls of one worker need, whatever they call. */
export interface Serving {
  readonly instances: Instances;
  readonly deadlines: Deadlines;
}

/** How a run ended: with what the guest returned or threw as its `err`, or with why there is no answer. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly payload: unknown }
  | { readonly failure: CallFailure; readonly message: string };

/** Runs a guest once: an instance is taken for it, its time is bounded, and the instance is given back, or dropped when it has trapped. */
export class GuestRun {
  private lease: Lease | undefined;
  private readonly deadline: Running;
  /** Why the guest was stopped, if it was. */
  private ending: 'DeadlineExceeded' | 'ClientGone' | undefined;

  /**
   * @param enter Calls the guest.
   * @param over Called when the guest has returned or trapped.
   */
  constructor(
    private readonly serving: Serving,
    private readonly enter: (lease: Lease) => unknown,
    private readonly over: (outcome: Outcome) => void,
  ) {
    this.deadline = serving.deadlines.start(() => this.end('DeadlineExceeded'));
    const lease = serving.instances.take();
    if (lease === undefined) void this.runFresh();
    else this.run(lease);
  }

  /** Stops the guest, at once if it waits, else when it would. */
  end(why: 'DeadlineExceeded' | 'ClientGone'): void {
    this.ending ??= why;
    this.lease?.guest.interrupt(new Error(why));
  }

  private async runFresh(): Promise<void> {
    let lease: Lease;
    try {
      lease = await this.serving.instances.create();
    } catch (error) {
      const message = `Component could not be instantiated: ${messageOf(error)}`;
      return this.finish({ failure: 'Trapped', message });
    }
    this.run(lease);
  }

  private run(lease: Lease): void {
    this.lease = lease;
    if (this.ending !== undefined) lease.guest.interrupt(new Error(this.ending));
    const fail = (error: unknown): void => this.ended(lease, this.outcomeOf(error));
    try {
      // A component that never waits answers at once.
      Promise.resolve(this.enter(lease)).then((value) => this.ended(lease, { value }), fail);
    } catch (error) {
      fail(error);
    }
  }

  private ended(lease: Lease, outcome: Outcome): void {
    // What was told to end could not wait for anything any more.
    if (!('failure' in outcome) && this.ending === undefined) this.serving.instances.giveBack(lease);
    // Components are written for hosts where all that a call began ends with it.
    lease.guest.abandon();
    this.finish(outcome);
  }

  private outcomeOf(error: unknown): Outcome {
    if (isWitError(error)) return { payload: error.payload };
    return this.ending === 'DeadlineExceeded'
      ? { failure: 'DeadlineExceeded', message: 'Component took longer than spec.limits.executionTimeMs' }
      : { failure: 'Trapped', message: `Component trapped: ${messageOf(error)}` };
  }

  private finish(outcome: Outcome): void {
    // The instance has gone to others or to nobody: a timer that is still to come must not end their call.
    this.lease = undefined;
    this.serving.deadlines.end(this.deadline);
    this.over(outcome);
  }
}
