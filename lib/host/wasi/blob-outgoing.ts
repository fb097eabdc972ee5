import type { JsResult } from '../../lattice/wrpc/types';
import { WitError } from '../engine/engine';
import { Wakers, type Download, type Guest, type LinkedFunction, type StreamedAnswer } from './guest';
import { BodyPipe } from './http/outgoing-body';
import { refuse } from './http/incoming';
import { OutputStream, type ByteSink } from './io';

/** Bytes that a value may hold before it is written to an object. */
const unboundBytes = 8 << 20;

/** `wasi:blobstore/types.outgoing-value`. */
export class OutgoingValue {
  private readonly pipe: BodyPipe;
  private readonly status = new WriteStatus();
  private call: StreamedAnswer | undefined;
  private streamed = false;

  constructor(private readonly guest: Guest) {
    this.pipe = new BodyPipe(guest, undefined, unboundBytes);
  }

  /** Waits until all is written, or is known not to be. */
  static async finish(value: OutgoingValue): Promise<void> {
    const { guest, pipe, call, status } = value;
    pipe.end(undefined);
    if (call === undefined) return;
    await guest.answered(call);
    await guest.wait([status]);
    guest.forget(call);
    value.call = undefined;
    status.check();
  }

  outgoingValueWriteBody(): OutputStream {
    if (this.streamed) refuse();
    this.streamed = true;
    const { pipe } = this;
    const sink: ByteSink = {
      ready: () => pipe.ready(),
      subscribe: (wake) => pipe.subscribe(wake),
      room: () => pipe.room(),
      write: (bytes) => pipe.write(bytes),
      // Components end an object by dropping the stream.
      close: () => pipe.end(undefined),
    };
    return new OutputStream(this.guest, sink);
  }

  /** Begins to write it. Components may go on filling the value after that, so whether it went well is only told by `finish`. */
  send(target: LinkedFunction, args: readonly unknown[]): void {
    if (this.call !== undefined) throw new WitError('The value is written to an object already');
    const call = this.guest.stream(target, args, this.status);
    this.call = call;
    this.pipe.bind({
      ready: () => call.upload.ready(),
      subscribe: (wake) => call.upload.subscribe(wake),
      room: () => call.upload.room(),
      write: (bytes) => call.upload.write(bytes),
      end: () => call.upload.end(),
      abort: () => call.upload.abort(),
    });
  }

  [Symbol.dispose](): void {
    // Half an object must not look like a whole one.
    this.pipe.abort();
  }
}

/** Whether a write went well. */
class WriteStatus implements Download {
  private readonly wakers = new Wakers();
  private over = false;
  private failure: string | undefined;

  part(): void {}

  ended(tag: 'ok' | 'err' | 'failed', value: unknown): void {
    const status = value as JsResult<undefined, string> | undefined;
    if (tag !== 'ok') this.failure = String(value);
    else if (status?.tag === 'err') this.failure = status.val;
    this.over = true;
    this.wakers.wake();
  }

  ready(): boolean {
    return this.over;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  /** @throws WitError when not all was written */
  check(): void {
    if (this.failure !== undefined) throw new WitError(this.failure);
  }
}
