import type { MessagePort } from 'node:worker_threads';
import { translatedCall } from '../wasi/translated-exports';
import { GuestRun, type Outcome, type Serving } from './guest-run';
import type { FromWorker, ToWorker } from './protocol';

/** Calls of exported functions that the main thread hands to this worker. */
export class InterfaceCalls {
  private readonly runs = new Map<number, GuestRun>();

  constructor(
    private readonly port: MessagePort,
    private readonly serving: Serving,
  ) {}

  begin([, id, interfaceName, func, args, traceparent]: Extract<
    ToWorker,
    readonly ['call', ...unknown[]]
  >): void {
    const run = new GuestRun(
      this.serving,
      async ({ guest, instance }) => {
        guest.begin(traceparent);
        const translated = instance.exports[interfaceName] ?? translatedCall(instance, interfaceName);
        if (typeof translated === 'function') return translated(guest, func, args);
        const target = translated?.[func];
        if (target === undefined) throw new Error(`it has no export ${interfaceName}#${func}`);
        return target(...args);
      },
      (outcome) => {
        this.runs.delete(id);
        this.post(id, outcome);
      },
    );
    this.runs.set(id, run);
  }

  /** Nobody waits for the answer any more. */
  leave(id: number): void {
    this.runs.get(id)?.end('ClientGone');
  }

  private post(id: number, outcome: Outcome): void {
    const message: FromWorker =
      'failure' in outcome
        ? ['error', id, outcome.failure, outcome.message]
        : 'value' in outcome
          ? ['result', id, 'ok', outcome.value]
          : ['result', id, 'err', outcome.payload];
    this.port.postMessage(message);
  }
}
