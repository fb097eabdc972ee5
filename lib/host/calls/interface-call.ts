import { WitError } from '../engine/engine';
import { CallError } from '../call-error';
import type { FromWorker, ToWorker } from '../worker/protocol';
import type { PoolCall } from '../worker/slot';

/** What is called of an actor. */
export interface CalledFunction {
  /** Exported interface with its version. */
  readonly interface: string;
  /** Its function in camelCase. */
  readonly function: string;
}

/** One call of an exported function, on its way through a worker. */
export class InterfaceCall implements PoolCall {
  private id = 0;
  private send: ((message: ToWorker) => void) | undefined;

  constructor(
    private readonly called: CalledFunction,
    private readonly args: readonly unknown[],
    private readonly traceparent: string | undefined,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  start(id: number, send: (message: ToWorker) => void): void {
    this.id = id;
    this.send = send;
    send(['call', id, this.called.interface, this.called.function, this.args, this.traceparent]);
  }

  receive(message: FromWorker): void {
    if (message[0] === 'result') {
      if (message[2] === 'ok') this.resolve(message[3]);
      else this.reject(new WitError(message[3]));
    } else if (message[0] === 'error') this.fail(new CallError(message[2], message[3]));
  }

  fail(error: CallError): void {
    this.reject(error);
  }

  /** Nobody waits for the answer any more. */
  abandon(reason: Error): void {
    this.send?.(['gone', this.id]);
    this.reject(reason);
  }
}
