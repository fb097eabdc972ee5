import { WitError } from '../../engine/engine';
import { Wakers, type Guest, type Waitable } from '../guest';
import { ClosedError, OutputStream, type ByteSink } from '../io';
import type { ErrorCode } from './error-code';
import { declaredLength, type Fields, type RawHeaders } from './fields';
import { refuse } from './incoming';

/** Bytes that a body of HTTP may hold before anybody takes them. */
const unboundBytes = 65_536;

/** Where an outgoing body goes once its message is sent. */
export interface BodyTarget extends Waitable {
  /** How many bytes it takes now. Throws ClosedError when the other side has gone. */
  room(): number;
  write(bytes: Uint8Array): void;
  /** All is written. */
  end(trailers: RawHeaders | undefined): void;
  /** The guest will write no more although the body is not whole: the message must not look whole to its receiver. */
  abort(): void;
}

/** A body between the guest that writes it and the target that is known only once the message is sent. */
export class BodyPipe implements ByteSink {
  private target: BodyTarget | undefined;
  private readonly wakers = new Wakers();
  private held: Uint8Array[] = [];
  private written = 0;
  private outcome: 'end' | 'abort' | undefined;
  private trailers: RawHeaders | undefined;

  /**
   * @param guest Who writes it.
   * @param declared Value of content-length, if the message has one: framing must not depend on what a guest says.
   * @param unbound Bytes that it may hold before anybody takes them.
   */
  constructor(
    private readonly guest: Guest,
    private readonly declared?: number,
    private readonly unbound = unboundBytes,
  ) {}

  room(): number {
    if (this.target !== undefined) return this.target.room();
    if (this.outcome !== undefined) throw new ClosedError('Body is not wanted');
    return Math.max(0, this.unbound - this.written);
  }

  write(bytes: Uint8Array): void {
    this.written += bytes.length;
    if (this.declared !== undefined && this.written > this.declared) {
      throw new ClosedError('Body is longer than content-length');
    }
    if (this.target !== undefined) return this.target.write(bytes);
    this.guest.keep(bytes.length);
    this.held.push(bytes);
  }

  ready(): boolean {
    return this.target?.ready() ?? (this.outcome !== undefined || this.written < this.unbound);
  }

  subscribe(wake: () => void): () => void {
    const fromTarget = this.target?.subscribe(wake);
    const own = this.wakers.subscribe(wake);
    return () => {
      fromTarget?.();
      own();
    };
  }

  /** The stream is dropped, not the body. */
  close(): void {}

  /** The message is on its way. */
  bind(target: BodyTarget): void {
    this.target = target;
    for (const bytes of this.release()) target.write(bytes);
    if (this.outcome === 'end') target.end(this.trailers);
    if (this.outcome === 'abort') target.abort();
    this.wakers.wake();
  }

  end(trailers: RawHeaders | undefined): void {
    // Nothing at all is what the answer to HEAD has, whatever length it declares.
    if (this.declared !== undefined && this.written !== this.declared && this.written > 0) {
      this.abort();
      throw new WitError<ErrorCode>({
        tag: 'HTTP-response-body-size',
        val: BigInt(this.written),
      });
    }
    this.outcome = 'end';
    this.trailers = trailers;
    this.target?.end(trailers);
  }

  abort(): void {
    if (this.outcome !== undefined) return;
    this.outcome = 'abort';
    this.release();
    this.target?.abort();
  }

  /** What was held is no longer. */
  private release(): Uint8Array[] {
    const held = this.held.splice(0);
    this.guest.keep(-held.reduce((sum, { length }) => sum + length, 0));
    return held;
  }
}

/** `wasi:http/types.outgoing-body`. */
export class OutgoingBody {
  readonly pipe: BodyPipe;
  private streamed = false;

  constructor(
    private readonly guest: Guest,
    headers: Fields,
  ) {
    this.pipe = new BodyPipe(guest, declaredLength(headers.raw));
  }

  static finish(body: OutgoingBody, trailers: Fields | undefined): void {
    body.pipe.end(trailers?.raw);
  }

  write(): OutputStream {
    if (this.streamed) refuse();
    this.streamed = true;
    return new OutputStream(this.guest, this.pipe);
  }

  [Symbol.dispose](): void {
    this.pipe.abort();
  }
}
