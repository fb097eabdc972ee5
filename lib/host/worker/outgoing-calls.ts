import type { MessagePort } from 'node:worker_threads';
import { WitError } from '../engine/engine';
import {
  Wakers,
  type Download,
  type LinkedCall,
  type PendingAnswer,
  type StreamedAnswer,
  type Upload,
} from '../wasi/guest';
import { ClosedError } from '../wasi/io';
import { transferable, type FromWorker, type ToWorker } from './protocol';

/** A message about a call that a guest makes. */
type Answering = Extract<
  ToWorker,
  readonly ['answer' | 'flow' | 'flow-end' | 'flow-took' | 'flow-left', ...unknown[]]
>;

export function isAnswer(message: ToWorker): message is Answering {
  return message[0] === 'answer' || message[0].startsWith('flow');
}

/** Calls that guests of this worker make; the main thread knows where they lead. */
export class OutgoingCalls {
  private readonly pending = new Map<number, PendingCall>();
  private next = 0;

  constructor(private readonly port: MessagePort) {}

  call(invocation: LinkedCall): PendingAnswer {
    const id = this.next++;
    const call = new PendingCall(() => this.forget(id));
    this.pending.set(id, call);
    this.post(['invoke', id, invocation]);
    return call;
  }

  stream(invocation: LinkedCall, download: Download): StreamedAnswer {
    const id = this.next++;
    const call = new StreamedCall(
      id,
      (message, bytes) => this.post(message, bytes),
      download,
      () => this.forget(id),
    );
    this.pending.set(id, call);
    this.post(['invoke', id, invocation]);
    return call;
  }

  receive(message: Answering): void {
    const call = this.pending.get(message[1]);
    if (call instanceof StreamedCall) call.receive(message);
    else if (message[0] === 'answer') {
      this.pending.delete(message[1]);
      call?.settle(message[2], message[3]);
    }
  }

  private forget(id: number): void {
    if (this.pending.delete(id)) this.post(['forget', id]);
  }

  private post(message: FromWorker, bytes?: Uint8Array): void {
    this.port.postMessage(message, transferable(bytes));
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

type Post = (message: FromWorker, bytes?: Uint8Array) => void;

/** A call beside which data flows. */
class StreamedCall extends PendingCall implements StreamedAnswer {
  readonly upload: CallUpload;

  constructor(
    private readonly id: number,
    private readonly post: Post,
    private readonly download: Download,
    forget: () => void,
  ) {
    super(forget);
    this.upload = new CallUpload(id, post);
  }

  took(size: number): void {
    this.post(['flow-took', this.id, size]);
  }

  receive(message: Answering): void {
    switch (message[0]) {
      case 'answer':
        // Whoever does not answer reads nothing more either.
        if (message[2] !== 'ok') this.upload.leave();
        return this.settle(message[2], message[3]);
      case 'flow':
        return this.download.part(message[2]);
      case 'flow-end':
        return this.download.ended(message[2], message[3]);
      case 'flow-took':
        return this.upload.took(message[2]);
      case 'flow-left':
        return this.upload.leave();
    }
  }
}

/** Bytes that a guest may be ahead of whoever reads what it writes. */
const windowBytes = 262_144;

class CallUpload implements Upload {
  private readonly wakers = new Wakers();
  private left = windowBytes;
  private over = false;

  constructor(
    private readonly id: number,
    private readonly post: Post,
  ) {}

  room(): number {
    if (this.over) throw new ClosedError('Nobody reads any more');
    return Math.max(0, this.left);
  }

  ready(): boolean {
    return this.over || this.left > 0;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  write(bytes: Uint8Array): void {
    if (this.over) return;
    this.left -= bytes.length;
    // A view would take all of what it is a view of along.
    const whole = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.post(['flow', this.id, whole], whole);
  }

  end(tail?: unknown): void {
    this.finish(true, tail);
  }

  abort(): void {
    this.finish(false, undefined);
  }

  took(bytes: number): void {
    this.left += bytes;
    this.wakers.wake();
  }

  leave(): void {
    this.over = true;
    this.wakers.wake();
  }

  private finish(whole: boolean, tail: unknown): void {
    if (this.over) return;
    this.post(['flow-end', this.id, whole, tail]);
    this.leave();
  }
}
