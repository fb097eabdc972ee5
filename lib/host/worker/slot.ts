import { writeSync } from 'node:fs';
import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import type { ActorMetrics } from '../actor-metrics';
import { CallError, callOutcomes, type CallErrorReason, type CallOutcome } from '../call-error';
import type { WorkerCalls } from '../calls/worker-calls';
import { rawRefusal } from '../http/refusal';
import type { GuestWorker } from './guest-worker';
import type { HandOver } from './hand-over';
import { monotonicMs, type FromWorker, type ToWorker } from './protocol';

/** A message about one call. */
export type CallMessage = Extract<
  FromWorker,
  readonly ['response' | 'chunk' | 'end' | 'took' | 'returned' | 'result' | 'error', ...unknown[]]
>;

/** Whether the guest of the call has returned, or will never. */
export function endsCall(message: CallMessage): boolean {
  return (
    message[0] === 'returned' ||
    message[0] === 'result' ||
    message[0] === 'error' ||
    (message[0] === 'response' && message[7]) ||
    (message[0] === 'end' && message[3])
  );
}

/** A call as the pool sees it. */
export interface PoolCall {
  /** It is its turn: messages with this id go to its worker. */
  start(id: number, send: (message: ToWorker, transfer?: ArrayBuffer[]) => void): void;
  receive(message: FromWorker): void;
  /** It will get no more messages. */
  fail(error: CallError): void;
}

let nextSlot = 0;

/** One worker of a pool and the calls that the pool gave it. */
export class Slot {
  readonly id = nextSlot++;
  readonly calls = new Map<number, { readonly call: PoolCall; readonly since: number }>();
  readonly startedAt = performance.now();
  /** Whether the worker takes calls. */
  ready = false;
  /** Whether the worker is being ended for a call that holds it. */
  ending = false;
  /** The way of connections to the worker, once it is open. */
  handOver: HandOver | undefined;
  /** Whether that way is being opened, or was. */
  joining = false;
  private usedAt = this.startedAt;
  private readonly counted = new Map<CallOutcome, number>();
  private nextCall = 0;

  constructor(
    readonly worker: GuestWorker,
    /** Calls that its guests make. */
    readonly outgoing: WorkerCalls,
  ) {}

  begin(call: PoolCall): void {
    const id = this.nextCall++;
    this.calls.set(id, { call, since: performance.now() });
    call.start(id, (message, transfer) => this.worker.send(message, transfer));
  }

  /** Hands a message to its call; whether the call's guest has returned, or will never. */
  receive(message: CallMessage): boolean {
    const id = message[1];
    this.calls.get(id)?.call.receive(message);
    if (!endsCall(message) || !this.calls.delete(id)) return false;
    this.usedAt = performance.now();
    return true;
  }

  /** Fails all calls, as the worker has ended; returns how many there were. */
  failAll(cause: Error, executionTimeMs: number): number {
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const { call, since } of calls) {
      const overdue = cause instanceof CallError && performance.now() - since >= executionTimeMs;
      const error = overdue
        ? cause
        : new CallError('WorkerLost', `The actor's worker ended: ${messageOf(cause)}`);
      call.fail(error);
    }
    return calls.length;
  }

  /**
   * Answers the calls that the worker accepted itself, as a guest holds its thread. Their sockets are known to all threads of the process,
   * and the one that owns them cannot touch them now. Returns what each was told.
   */
  answerHeld(executionTimeMs: number): CallErrorReason[] {
    return this.worker.state.held().map(({ fd, since }) => {
      const reason = monotonicMs() - since >= executionTimeMs ? 'DeadlineExceeded' : 'WorkerLost';
      try {
        writeSync(fd, rawRefusal(reason));
      } catch (error) {
        log.debug({ error: messageOf(error) }, 'Client went before it could be told');
      }
      return reason;
    });
  }

  /** Counts what the worker answered itself since the last look. */
  account(metrics: ActorMetrics): void {
    for (const outcome of callOutcomes) {
      const total = this.worker.state.ended(outcome);
      const count = total - (this.counted.get(outcome) ?? 0);
      if (count === 0) continue;
      this.counted.set(outcome, total);
      this.usedAt = performance.now();
      metrics.calls[outcome].inc(count);
    }
  }

  /** How long the worker has had nothing to do, in milliseconds. */
  idleForMs(): number {
    return this.calls.size > 0 || this.worker.state.directCalls > 0 ? 0 : performance.now() - this.usedAt;
  }

  /** Share of the time since the last look that the worker was busy. */
  busyShare(): number {
    return this.ready ? this.worker.busyShare() : 0;
  }
}
