import type { MessagePort } from 'node:worker_threads';
import { WitError } from '../engine/engine';
import { Wakers, type LinkedCall, type PendingAnswer } from '../wasi/guest';
import type { FromWorker, ToWorker } from './protocol';

/** Calls that guests of this worker make; the main thread knows where they lead. */
export class OutgoingCalls {
  private readonly pending = new Map<number, PendingCall>();
  private next = 0;

  constructor(private readonly port: MessagePort) {}

  call(invocation: LinkedCall): PendingCall {
    const id = this.next++;
    const call = new PendingCall(() => {
      if (this.pending.delete(id)) this.port.postMessage(['forget', id] satisfies FromWorker);
    });
    this.pending.set(id, call);
    this.port.postMessage(['invoke', id, invocation] satisfies FromWorker);
    return call;
  }

  receive([, id, tag, value]: Extract<ToWorker, readonly ['answer', ...unknown[]]>): void {
    const call = this.pending.get(id);
    this.pending.delete(id);
    call?.settle(tag, value);
  }
}

/** A call whose answer a guest waits for. */
export class PendingCall implements PendingAnswer {
  private answer: { readonly tag: 'ok' | 'err' | 'failed'; readonly value: unknown } | undefined;
  private readonly wakers = new Wakers();

  /** @param forget The answer is not wanted any more. */
  constructor(readonly forget: () => void) {}

  ready(): boolean {
    return this.answer !== undefined;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  settle(tag: 'ok' | 'err' | 'failed', value: unknown): void {
    this.answer = { tag, value };
    this.wakers.wake();
  }

  result(): unknown {
    const { tag, value } = this.answer ?? { tag: 'failed', value: 'there is no answer yet' };
    if (tag === 'ok') return value;
    if (tag === 'err') throw new WitError(value);
    throw new Error(String(value));
  }
}
