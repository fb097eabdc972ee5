import { KasmError } from '../base/errors';

/** Why an actor did not answer a call. */
export type CallErrorReason =
  /** The component trapped: a fault of its own, or its memory limit. */
  | 'Trapped'
  /** `spec.limits.executionTimeMs` went by. */
  | 'DeadlineExceeded'
  /** The component returned without a whole response. */
  | 'NoResponse'
  /** More calls at once than `spec.instances` and its queue hold. */
  | 'Overloaded'
  /** The actor is stopped, stopping, or has no instances. */
  | 'NotServing'
  /** The worker ended under the call because of another call. */
  | 'WorkerLost';

/** A call that an actor did not answer. */
export class CallError extends KasmError {
  override readonly name = 'CallError';

  constructor(
    readonly reason: CallErrorReason,
    message: string,
    remedy?: string,
  ) {
    super(message, remedy);
  }
}

/** How a call can end. */
export const callOutcomes = [
  'Answered',
  'ServerError',
  'ClientGone',
  'Trapped',
  'DeadlineExceeded',
  'NoResponse',
  'Overloaded',
  'NotServing',
  'WorkerLost',
] as const satisfies readonly ('Answered' | 'ServerError' | 'ClientGone' | CallErrorReason)[];

export type CallOutcome = (typeof callOutcomes)[number];

/** How a call ended that a component answered with a whole HTTP response: a status of 500 or more tells of a fault on its side. */
export function outcomeOfStatus(status: number): CallOutcome {
  return status >= 500 ? 'ServerError' : 'Answered';
}
