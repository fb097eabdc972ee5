import { type interfaces, WitError } from '../../lattice';
import { CallError, outcomeOfStatus, type CallOutcome } from '../call-error';
import { transferable, type FromWorker, type ToWorker } from '../worker/protocol';
import type { PoolCall } from '../worker/slot';
import type { RawHeaders } from '../wasi/http/fields';
import { windowBytes } from './body';
import { ByteQueue } from './byte-queue';
import { endToEnd, fromFields, toFields } from './wire-headers';

type Request = interfaces.http.Request;
type Response = interfaces.http.Response;
type Fields = interfaces.http.Fields;
type Send = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

/** One HTTP request that came over the lattice, on its way through a worker. */
export class WireCall implements PoolCall {
  private id = 0;
  private send: Send | undefined;
  private readonly body: ByteQueue;
  /** Of the response, once there is one. */
  private status: number | undefined;
  /** No more will come of the response. */
  private over = false;
  private unread = 0;
  private wake: (() => void) | undefined;
  private setTrailers: (trailers: Fields | undefined) => void = () => undefined;
  private failTrailers: (error: Error) => void = () => undefined;
  private readonly trailers: Promise<Fields | undefined>;

  constructor(
    private readonly request: Request,
    private readonly resolve: (response: Response) => void,
    private readonly reject: (error: Error) => void,
    /** Told once, when all of the response is on its way or nothing more will come of it. */
    private readonly settled: (outcome: CallOutcome) => void,
  ) {
    this.body = new ByteQueue(
      (bytes) => this.send?.(['took', this.id, bytes]),
      () => this.leave(),
    );
    this.trailers = new Promise((resolve, reject) => {
      this.setTrailers = resolve;
      this.failTrailers = reject;
    });
    // Whoever only reads the body learns of the failure there.
    this.trailers.catch(() => undefined);
  }

  start(id: number, send: Send): void {
    this.id = id;
    this.send = send;
    const { method, pathWithQuery, scheme, authority, headers } = this.request;
    const name = method.tag === 'other' ? method.val : method.tag.toUpperCase();
    const secure = scheme?.tag === 'HTTPS' ? 'HTTPS' : 'HTTP';
    const raw = endToEnd(fromFields(headers));
    send(['request', id, name, pathWithQuery ?? '/', secure, authority, raw, 'stream']);
    void this.pump(send);
  }

  receive(message: FromWorker): void {
    switch (message[0]) {
      case 'response': {
        const [, , status, headers, bytes, ended, trailers] = message;
        this.answer(status, headers);
        if (bytes !== undefined) this.body.push(bytes);
        if (ended) this.end(trailers);
        return;
      }
      case 'chunk':
        return this.body.push(message[2]);
      case 'end':
        return this.end(message[2]);
      case 'took':
        this.unread -= message[2];
        return this.wake?.();
      case 'error':
        return this.fail(new CallError(message[2], message[3]));
      default:
    }
  }

  fail(error: CallError): void {
    if (this.over) return;
    this.finish(error.reason);
    this.body.fail(error);
    this.failTrailers(error);
    // A caller of `handle` can tell a component that did not answer from one that cannot be reached.
    const code = error.reason === 'DeadlineExceeded' ? 'HTTP-response-timeout' : 'internal-error';
    if (this.status === undefined)
      this.reject(
        new WitError(code === 'internal-error' ? { tag: code, val: error.message } : { tag: code }),
      );
  }

  /** Nobody waits for the response any more. */
  leave(): void {
    if (this.over) return;
    this.send?.(['gone', this.id]);
    this.finish('ClientGone');
  }

  private answer(status: number, headers: RawHeaders): void {
    this.status = status;
    this.resolve({ status, headers: toFields(headers), body: this.body, trailers: this.trailers });
  }

  private end(trailers: RawHeaders | undefined): void {
    this.setTrailers(trailers && toFields(trailers));
    this.body.end();
    this.finish(outcomeOfStatus(this.status ?? 200));
  }

  private finish(outcome: CallOutcome): void {
    this.over = true;
    this.wake?.();
    this.settled(outcome);
  }

  /** Hands the body of the request on, never more than a window of it ahead of the guest. */
  private async pump(send: Send): Promise<void> {
    try {
      for await (const chunk of this.request.body) {
        // Who answers without having read all of the request may do so.
        if (this.over) return;
        this.unread += chunk.length;
        // A copy: the chunk is a view of what NATS received.
        const bytes = Uint8Array.from(chunk);
        send(['chunk', this.id, bytes], transferable(bytes));
        while (this.unread >= windowBytes && !this.over) {
          await new Promise<void>((resolve) => (this.wake = resolve));
        }
      }
      const trailers = await this.request.trailers;
      if (!this.over) send(['end', this.id, trailers && fromFields(trailers)]);
    } catch {
      // The caller has gone in the middle of its request.
      this.leave();
      this.reject(new WitError({ tag: 'connection-terminated' }));
    }
  }
}
