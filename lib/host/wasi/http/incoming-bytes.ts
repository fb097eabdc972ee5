import { ClosedError, TransferError, type ByteSource } from '../io';
import { Wakers } from '../guest';
import type { ErrorCode } from './error-code';
import type { RawHeaders } from './fields';

const nobody = (): void => undefined;

/** A body as it arrives: filled by the host, emptied by the guest. Whoever fills it keeps to the credit that `onTaken` gives back. */
export class IncomingBytes implements ByteSource {
  private readonly chunks: Uint8Array[] = [];
  private readonly wakers = new Wakers();
  private ended = false;
  private closed = false;
  private discarding = false;
  private failure: ErrorCode | undefined;
  private trailerFields: RawHeaders | undefined;

  /**
   * @param onTaken Told how many bytes went out of the buffer.
   * @param onClosed Told once when the guest wants no more, unless all of it had arrived.
   */
  constructor(
    private readonly onTaken: (bytes: number) => void = nobody,
    private readonly onClosed: () => void = nobody,
  ) {}

  /** A body that is here as a whole. */
  static of(bytes: Uint8Array | undefined): IncomingBytes {
    const body = new IncomingBytes();
    if (bytes !== undefined && bytes.length > 0) body.chunks.push(bytes);
    body.ended = true;
    return body;
  }

  push(chunk: Uint8Array): void {
    if (this.discarding || this.closed) return this.onTaken(chunk.length);
    this.chunks.push(chunk);
    this.wakers.wake();
  }

  end(trailers?: RawHeaders): void {
    this.ended = true;
    this.trailerFields = trailers;
    this.wakers.wake();
  }

  /** Nothing more will arrive; what is here is still given. */
  fail(code: ErrorCode): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = code;
    this.wakers.wake();
  }

  ready(): boolean {
    return this.ended || this.chunks.length > 0;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  take(max: number): Uint8Array | undefined {
    const first = this.chunks[0];
    if (first === undefined) {
      if (this.failure !== undefined) {
        throw new TransferError(`Body broke off with ${this.failure.tag}`, this.failure);
      }
      if (this.ended || this.closed) throw new ClosedError('Body ended');
      return new Uint8Array(0);
    }
    const taken = first.length <= max ? first : first.subarray(0, max);
    if (taken === first) this.chunks.shift();
    else this.chunks[0] = first.subarray(max);
    this.onTaken(taken.length);
    return taken;
  }

  /** Lets the rest go by unread, as only its end and the trailers are of interest. */
  discard(): void {
    this.discarding = true;
    for (const { length } of this.chunks.splice(0)) this.onTaken(length);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.chunks.length = 0;
    if (!this.ended) this.onClosed();
  }

  /** Once all has arrived: the trailers if there were any, or why it broke off. */
  outcome(): { trailers: RawHeaders | undefined } | { failure: ErrorCode } | undefined {
    if (!this.ended || this.chunks.length > 0) return undefined;
    return this.failure === undefined ? { trailers: this.trailerFields } : { failure: this.failure };
  }
}
