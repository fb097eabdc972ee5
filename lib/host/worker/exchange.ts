import type { MessagePort } from 'node:worker_threads';
import { Wakers } from '../wasi/guest';
import { ClosedError } from '../wasi/io';
import type { ErrorCode } from '../wasi/http/error-code';
import type { RawHeaders } from '../wasi/http/fields';
import type { BodyTarget } from '../wasi/http/outgoing-body';
import type { ResponseTarget } from '../wasi/http/outgoing';
import { transferable, windowBytes, type CallFailure, type FromWorker } from './protocol';

/**
 * The worker's end of one HTTP exchange. It gathers what the guest says and sends it on at the latest moment that nobody notices: when the
 * guest waits or returns. So a response that the guest makes in one go is one message.
 */
export class Exchange implements ResponseTarget, BodyTarget {
  private head: { readonly status: number; readonly headers: RawHeaders } | undefined;
  private headSent = false;
  private pending: Uint8Array[] = [];
  /** Bytes given to us that are not out of the host's memory yet. */
  private outstanding = 0;
  private state: 'open' | 'ended' | 'aborted' = 'open';
  private endSent = false;
  private returned = false;
  private gone = false;
  private refusal: ErrorCode | undefined;
  private trailers: RawHeaders | undefined;
  private readonly wakers = new Wakers();

  constructor(
    private readonly port: MessagePort,
    private readonly id: number,
  ) {}

  respond(status: number, headers: RawHeaders): BodyTarget {
    this.head = { status, headers };
    return this;
  }

  fail(code: ErrorCode): void {
    this.refusal = code;
  }

  room(): number {
    if (this.gone) throw new ClosedError('Client has gone');
    return Math.max(0, windowBytes - this.outstanding);
  }

  ready(): boolean {
    return this.gone || this.outstanding < windowBytes;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  write(bytes: Uint8Array): void {
    this.outstanding += bytes.length;
    if (!this.gone) this.pending.push(bytes);
  }

  end(trailers: RawHeaders | undefined): void {
    this.state = 'ended';
    this.trailers = trailers;
  }

  abort(): void {
    this.state = 'aborted';
  }

  /** Bytes left the host. */
  took(bytes: number): void {
    this.outstanding -= bytes;
    this.wakers.wake();
  }

  /** Nobody listens any more. */
  leave(): void {
    this.gone = true;
    this.pending.length = 0;
    this.wakers.wake();
  }

  /** Sends what there is to send. */
  flush(): void {
    if (this.gone || this.endSent || this.head === undefined) return;
    const bytes = joined(this.pending.splice(0));
    const ended = this.state === 'ended';
    if (!this.headSent) {
      this.headSent = true;
      this.endSent = ended;
      const { status, headers } = this.head;
      this.post(['response', this.id, status, headers, bytes, ended, this.trailers, this.returned], bytes);
      return;
    }
    if (bytes !== undefined) this.post(['chunk', this.id, bytes], bytes);
    if (!ended) return;
    this.endSent = true;
    this.post(['end', this.id, this.trailers, this.returned]);
  }

  /** The guest has returned: what is missing now will not come. */
  finish(): void {
    const endSentBefore = this.endSent;
    this.returned = true;
    if (this.gone || endSentBefore) return this.post(['returned', this.id]);
    if (this.refusal !== undefined) {
      return this.break('NoResponse', `Component answered with the error ${describe(this.refusal)}`);
    }
    if (this.head === undefined) return this.break('NoResponse', 'Component returned without a response');
    this.flush();
    if (!this.endSent) this.break('NoResponse', 'Component returned before its response body was finished');
  }

  /** The call came to nothing. */
  break(failure: CallFailure, message: string): void {
    this.post(['error', this.id, failure, message]);
  }

  private post(message: FromWorker, bytes?: Uint8Array): void {
    this.port.postMessage(message, transferable(bytes));
  }
}

function joined(chunks: Uint8Array[]): Uint8Array | undefined {
  return chunks.length < 2 ? chunks[0] : Buffer.concat(chunks);
}

function describe(code: ErrorCode): string {
  return 'val' in code && typeof code.val === 'string' ? `${code.tag}: ${code.val}` : code.tag;
}
