import { isWitError, type WitError } from '../../base/wit-error';
import { messageOf } from '../../base/errors';
import { promiseOf } from '../../lattice/wrpc/codec-async';
import { camelCase, type WitFunction, type WitType } from '../../lattice/wrpc/types';
import { windowBytes } from '../http/body';
import { ByteQueue } from '../http/byte-queue';
import { flowSize } from '../wasi/guest';
import { transferable, type FromWorker, type ToWorker } from '../worker/protocol';

type Send = (message: ToWorker, transfer?: ArrayBuffer[]) => void;
type Flowing = Extract<FromWorker, readonly ['flow' | 'flow-end' | 'flow-took', ...unknown[]]>;

/**
 * What flows beside one call of a guest: at most a stream and a future with its parameters, and the same with its answer. Neither side is
 * ever more than a window ahead of the other.
 */
export class CallFlows {
  private readonly controller = new AbortController();
  private readonly body: ByteQueue;
  /** Whether more of the parameters may come, and is wanted. */
  private bodyOpen = false;
  private settleTail: ((tail: unknown) => void) | undefined;
  private failTail: ((error: Error) => void) | undefined;
  private source: AsyncIterable<unknown> | undefined;
  private future: unknown;
  private follows = false;
  private unread = 0;
  private wake: (() => void) | undefined;

  constructor(
    private readonly id: number,
    private readonly send: Send,
  ) {
    this.body = new ByteQueue(
      (bytes) => this.send(['flow-took', this.id, bytes]),
      () => this.closeBody(),
    );
  }

  /** Aborts when the guest wants nothing more of the call. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The arguments, with the streams and futures that their types have and a message cannot. */
  params({ params }: WitFunction, args: readonly unknown[]): readonly unknown[] {
    return params.map(([, type], index) =>
      replace(type, args[index], (kind) => {
        if (kind === 'future') return this.tail();
        this.bodyOpen = true;
        return this.body;
      }),
    );
  }

  /** The answer without its streams and futures, whose parts {@link run} sends after it. */
  answer({ result }: WitFunction, value: unknown): unknown {
    const type = result?.kind === 'result' ? result.ok : result;
    return replace(type, value, (kind, found) => {
      this.follows = true;
      if (kind === 'stream') this.source = found as AsyncIterable<unknown>;
      else this.future = promiseOf(found);
      return undefined;
    });
  }

  receive(message: Flowing): void {
    if (message[0] === 'flow') this.body.push(message[2]);
    else if (message[0] === 'flow-took') {
      this.unread -= message[2];
      this.wake?.();
    } else if (message[2]) {
      this.bodyOpen = false;
      this.settleTail?.(message[3]);
      this.body.end();
    } else this.breakBody(new Error('The caller stopped in the middle'));
  }

  /** Sends what follows the answer; resolves when all has been sent, or is not wanted any more. */
  async run(): Promise<void> {
    try {
      if (this.source !== undefined) await this.pump(this.source);
      const value = await this.future;
      if (this.follows && !this.signal.aborted) this.send(['flow-end', this.id, 'ok', value]);
    } catch (error) {
      if (this.signal.aborted) return;
      if (isWitError(error)) this.send(['flow-end', this.id, 'err', (error as WitError).payload]);
      else this.send(['flow-end', this.id, 'failed', messageOf(error)]);
    } finally {
      this.closeBody();
    }
  }

  /** Nobody wants anything more of the call. */
  abort(cause: Error): void {
    this.controller.abort(cause);
    this.breakBody(cause);
    this.wake?.();
  }

  private tail(): Promise<unknown> {
    const tail = new Promise<unknown>((resolve, reject) => {
      this.settleTail = resolve;
      this.failTail = reject;
    });
    tail.catch(() => undefined);
    return tail;
  }

  private async pump(source: AsyncIterable<unknown>): Promise<void> {
    const { signal } = this;
    const gone = new Promise<'gone'>((resolve) => {
      signal.addEventListener('abort', () => resolve('gone'), { once: true });
    });
    const parts = source[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([parts.next(), gone]);
      if (next === 'gone' || signal.aborted) return void parts.return?.(undefined);
      if (next.done) return;
      const { value } = next;
      this.unread += flowSize(value);
      // A copy: bytes are views of what holds other things too.
      const part = value instanceof Uint8Array ? Uint8Array.from(value) : value;
      this.send(['flow', this.id, part], part instanceof Uint8Array ? transferable(part) : undefined);
      while (this.unread >= windowBytes && !signal.aborted) {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  /** Whoever reads the parameters wants no more of them. */
  private closeBody(): void {
    if (!this.bodyOpen) return;
    this.bodyOpen = false;
    this.failTail?.(new Error('The parameters were not read to their end'));
    if (!this.signal.aborted) this.send(['flow-left', this.id]);
  }

  private breakBody(error: Error): void {
    this.bodyOpen = false;
    this.body.fail(error);
    this.failTail?.(error);
  }
}

type Found = (kind: 'stream' | 'future', value: unknown) => unknown;

/** Puts something else in place of the streams and futures of a value. Interfaces have them in records and tuples only. */
function replace(type: WitType | undefined, value: unknown, found: Found): unknown {
  switch (type?.kind) {
    case 'stream':
    case 'future':
      return found(type.kind, value);
    case 'tuple':
      if (!type.elements.some(flows)) return value;
      return type.elements.map((element, index) => replace(element, (value as unknown[])[index], found));
    case 'record': {
      const flowing = type.fields.filter((field) => flows(field.type));
      if (flowing.length === 0) return value;
      const copy = { ...(value as Record<string, unknown>) };
      for (const { name, type } of flowing) {
        const key = camelCase(name);
        copy[key] = replace(type, copy[key], found);
      }
      return copy;
    }
    default:
      return value;
  }
}

function flows(type: WitType): boolean {
  switch (type.kind) {
    case 'stream':
    case 'future':
      return true;
    case 'tuple':
      return type.elements.some(flows);
    case 'record':
      return type.fields.some(({ type }) => flows(type));
    default:
      return false;
  }
}
