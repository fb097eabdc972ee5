import { Wakers } from '../wasi/guest';
import { ClosedError } from '../wasi/io';
import type { ErrorCode } from '../wasi/http/error-code';
import type { RawHeaders } from '../wasi/http/fields';
import type { BodyTarget } from '../wasi/http/outgoing-body';
import type { ResponseTarget } from '../wasi/http/outgoing';
import { windowBytes } from '../http/body';
import type { CallFailure } from './protocol';

/** The way of a response to its client. `returned` says whether the guest has returned as well: it may run on after its response. */
export interface Outlet {
  head(
    status: number,
    headers: RawHeaders,
    body: Uint8Array | undefined,
    /** Whether that was all of the body. */
    ended: boolean,
    trailers: RawHeaders | undefined,
    returned: boolean,
  ): void;
  chunk(bytes: Uint8Array): void;
  end(trailers: RawHeaders | undefined, returned: boolean): void;
  /** The guest returned, and all of its response was sent before. */
  returned(): void;
  /** The call came to nothing; what was sent of a response is not whole. */
  error(failure: CallFailure, message: string): void;
}

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

  constructor(private readonly outlet: Outlet) {}

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
    const bytes = joined(this.pending);
    this.pending = [];
    const ended = this.state === 'ended';
    if (!this.headSent) {
      this.headSent = true;
      this.endSent = ended;
      const { status, headers } = this.head;
      this.outlet.head(status, headers, bytes, ended, this.trailers, this.returned);
      return;
    }
    if (bytes !== undefined) this.outlet.chunk(bytes);
    if (!ended) return;
    this.endSent = true;
    this.outlet.end(this.trailers, this.returned);
  }

  /** The guest has returned: what is missing now will not come. */
  finish(): void {
    const endSentBefore = this.endSent;
    this.returned = true;
    if (this.gone || endSentBefore) return this.outlet.returned();
    if (this.refusal !== undefined) {
      return this.break('NoResponse', `Component answered with the error ${describe(this.refusal)}`);
    }
    if (this.head === undefined) return this.break('NoResponse', 'Component returned without a response');
    this.flush();
    if (!this.endSent) this.break('NoResponse', 'Component returned before its response body was finished');
  }

  /** The call came to nothing. */
  break(failure: CallFailure, message: string): void {
    this.outlet.error(failure, message);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array | undefined {
  return chunks.length < 2 ? chunks[0] : Buffer.concat(chunks);
}

function describe(code: ErrorCode): string {
  return 'val' in code && typeof code.val === 'string' ? `${code.tag}: ${code.val}` : code.tag;
}
