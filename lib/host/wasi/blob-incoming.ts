import type { JsResult } from '../../lattice/wrpc/types';
import { WitError } from '../engine/engine';
import { flowSize, Wakers, type Download, type StreamedAnswer, type Waitable } from './guest';
import { ClosedError, TransferError, type ByteSource } from './io';

/** What follows an answer of a blobstore: parts, then whether those were all. */
abstract class Incoming<T> implements Download, Waitable {
  protected readonly parts: T[] = [];
  private readonly wakers = new Wakers();
  private forget: (() => void) | undefined;
  private over = false;
  private failure: string | undefined;
  protected call: StreamedAnswer | undefined;

  /** The answer is here, and the guest reads what follows it. */
  attach(call: StreamedAnswer, forget: () => void): void {
    this.call = call;
    this.forget = forget;
    if (this.over) forget();
  }

  part(part: unknown): void {
    this.parts.push(part as T);
    this.wakers.wake();
  }

  ended(tag: 'ok' | 'err' | 'failed', value: unknown): void {
    const status = value as JsResult<undefined, string> | undefined;
    if (tag !== 'ok') this.failure = String(value);
    else if (status?.tag === 'err') this.failure = status.val;
    this.over = true;
    this.forget?.();
    this.wakers.wake();
  }

  ready(): boolean {
    return this.over || this.parts.length > 0;
  }

  subscribe(wake: () => void): () => void {
    return this.wakers.subscribe(wake);
  }

  /** The guest wants no more. */
  close(): void {
    this.parts.length = 0;
    this.forget?.();
  }

  /** Whether all was taken. */
  protected get drained(): boolean {
    return this.over && this.parts.length === 0;
  }

  /** Why no more came than was taken; undefined where that was all. */
  protected get broken(): string | undefined {
    return this.drained ? this.failure : undefined;
  }
}

/** The bytes of an object. */
export class IncomingBlob extends Incoming<Uint8Array> implements ByteSource {
  take(max: number): Uint8Array {
    const [first] = this.parts;
    if (first === undefined) {
      if (this.broken !== undefined) throw new TransferError(`Object broke off: ${this.broken}`);
      if (this.drained) throw new ClosedError('Object ended');
      return new Uint8Array(0);
    }
    const taken = first.length <= max ? first : first.subarray(0, max);
    if (taken === first) this.parts.shift();
    else this.parts[0] = first.subarray(max);
    this.call?.took(taken.length);
    return taken;
  }

  /** The next bytes; undefined after the last. @throws WitError when they broke off */
  next(): Uint8Array | undefined {
    const part = this.parts.shift();
    if (part !== undefined) this.call?.took(part.length);
    else if (this.broken !== undefined) throw new WitError(this.broken);
    return part;
  }
}

/** The names of objects. */
export class NameStream extends Incoming<string> {
  /** At most `max` names that are here. @throws WitError when they broke off */
  take(max: number): string[] {
    if (this.broken !== undefined) throw new WitError(this.broken);
    const taken = this.parts.splice(0, max);
    for (const name of taken) this.call?.took(flowSize(name));
    return taken;
  }

  get finished(): boolean {
    return this.drained && this.broken === undefined;
  }
}
