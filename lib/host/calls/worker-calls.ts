import { isWitError } from '../../base/wit-error';
import { messageOf } from '../../base/errors';
import type { FromWorker, ToWorker } from '../worker/protocol';
import type { LinkedCall } from '../wasi/guest';

/** Makes a call that a guest asks for. */
export type MakeCall = (call: LinkedCall, signal: AbortSignal) => Promise<unknown>;

/** The main thread's end of the calls that the guests of one worker make. */
export class WorkerCalls {
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly make: MakeCall,
    private readonly send: (message: ToWorker) => void,
  ) {}

  receive(message: Extract<FromWorker, readonly ['invoke' | 'forget', ...unknown[]]>): void {
    if (message[0] === 'invoke') void this.run(message[1], message[2]);
    else this.running.get(message[1])?.abort(new Error('The caller has ended'));
  }

  /** The worker has ended: nobody waits for any answer. */
  abort(cause: Error): void {
    for (const controller of this.running.values()) controller.abort(cause);
    this.running.clear();
  }

  private async run(id: number, call: LinkedCall): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    let answer: ToWorker;
    try {
      answer = ['answer', id, 'ok', await this.make(call, controller.signal)];
    } catch (error) {
      answer = isWitError(error)
        ? ['answer', id, 'err', error.payload]
        : ['answer', id, 'failed', messageOf(error)];
    }
    if (this.running.delete(id) && !controller.signal.aborted) this.send(answer);
  }
}
