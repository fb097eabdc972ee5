import { isWitError } from '../../base/wit-error';
import { messageOf } from '../../base/errors';
import type { FromWorker, ToWorker } from '../worker/protocol';
import type { LinkedCall } from '../wasi/guest';
import { CallFlows } from './call-flows';

/** Makes a call that a guest asks for. */
export type MakeCall = (call: LinkedCall, flows: CallFlows) => Promise<unknown>;

/** A message about a call that a guest makes. */
export type GuestCallMessage = Extract<
  FromWorker,
  readonly ['invoke' | 'forget' | 'flow' | 'flow-end' | 'flow-took', ...unknown[]]
>;

/** The main thread's end of the calls that the guests of one worker make. */
export class WorkerCalls {
  private readonly running = new Map<number, CallFlows>();

  constructor(
    private readonly make: MakeCall,
    private readonly send: (message: ToWorker, transfer?: ArrayBuffer[]) => void,
  ) {}

  receive(message: GuestCallMessage): void {
    if (message[0] === 'invoke') void this.run(message[1], message[2]);
    else if (message[0] === 'forget') this.running.get(message[1])?.abort(new Error('The caller has ended'));
    // What belongs to a call that is over was under way when it ended.
    else this.running.get(message[1])?.receive(message);
  }

  /** The worker has ended: nobody waits for any answer. */
  abort(cause: Error): void {
    for (const flows of this.running.values()) flows.abort(cause);
    this.running.clear();
  }

  private async run(id: number, call: LinkedCall): Promise<void> {
    const flows = new CallFlows(id, this.send);
    this.running.set(id, flows);
    let answer: ToWorker;
    try {
      answer = ['answer', id, 'ok', await this.make(call, flows)];
    } catch (error) {
      answer = isWitError(error)
        ? ['answer', id, 'err', error.payload]
        : ['answer', id, 'failed', messageOf(error)];
    }
    if (!flows.signal.aborted) this.send(answer);
    await flows.run();
    this.running.delete(id);
  }
}
