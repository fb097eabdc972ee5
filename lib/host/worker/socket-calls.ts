import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../base/errors';
import { CallError, outcomeOfStatus, type CallOutcome } from '../call-error';
import { BodyStream, bodyKind, smallBody } from '../http/body';
import { refuseCall } from '../http/refusal';
import { ResponseWriter } from '../http/response-writer';
import type { LogLevel } from '../wasi/guest';
import type { RawHeaders } from '../wasi/http/fields';
import { IncomingBytes } from '../wasi/http/incoming-bytes';
import type { Outlet } from './exchange';
import { HttpCall, type HttpServing } from './http-calls';
import { monotonicMs, type CallFailure } from './protocol';
import type { Turns, TurnTaker } from './turns';
import type { WorkerState } from './worker-state';

/** What the calls of one worker's own sockets share. */
export interface SocketServing extends HttpServing {
  readonly turns: Turns<SocketCall>;
  readonly state: WorkerState;
  readonly log: (level: LogLevel, message: string) => void;
}

/** An HTTP call that the worker accepted itself: no other thread has anything to do with it. */
export class SocketCall implements TurnTaker, Outlet {
  private call: HttpCall | undefined;
  private body: BodyStream | undefined;
  private slot = -1;
  private outcome: CallOutcome | undefined;
  private readonly writer: ResponseWriter;

  /** Serves a request, from its first byte to its outcome. */
  static serve(serving: SocketServing, request: IncomingMessage, response: ServerResponse): void {
    if (bodyKind(request) !== 'small') {
      return serving.turns.enter(new SocketCall(serving, request, response, undefined));
    }
    smallBody(request).then(
      (content) => serving.turns.enter(new SocketCall(serving, request, response, content)),
      (error: unknown) => {
        serving.state.countEnded('ClientGone');
        serving.log('debug', `Client went before its request was whole: ${messageOf(error)}`);
      },
    );
  }

  private constructor(
    private readonly serving: SocketServing,
    private readonly request: IncomingMessage,
    private readonly answer: ServerResponse,
    private readonly content: Uint8Array | undefined,
  ) {
    this.writer = new ResponseWriter(request, answer, (bytes) => this.call?.took(bytes));
    answer.on('close', () => this.closed());
  }

  begin(): void {
    const { serving, request, content } = this;
    const { method = 'GET', url: target = '/', headers, rawHeaders, socket } = request;
    serving.state.directCalls++;
    this.slot = serving.state.hold(descriptorOf(socket), monotonicMs());
    const body =
      content === undefined && bodyKind(request) === 'stream' ? this.stream() : IncomingBytes.of(content);
    const head = { method, target, scheme: 'HTTP', authority: headers.host, headers: rawHeaders } as const;
    this.call = new HttpCall(serving, head, body, this, () => this.over());
  }

  fail(error: CallError): void {
    if (this.outcome !== undefined) return;
    this.serving.log('warn', error.message);
    refuseCall(this.answer, error.reason);
    // Half a response must not look like a whole one.
    if (!this.answer.writableEnded) this.answer.destroy();
    this.settle(error.reason);
  }

  head(
    status: number,
    headers: RawHeaders,
    body: Uint8Array | undefined,
    ended: boolean,
    trailers: RawHeaders | undefined,
  ): void {
    this.release();
    this.send(() => this.writer.head(status, headers, body, ended, trailers), ended);
  }

  chunk(bytes: Uint8Array): void {
    this.send(() => this.writer.chunk(bytes), false);
  }

  end(trailers: RawHeaders | undefined): void {
    this.send(() => this.writer.end(trailers), true);
  }

  returned(): void {
    // The end of the response and the end of the call are one only when the guest returns first.
  }

  error(failure: CallFailure, message: string): void {
    this.fail(new CallError(failure, message));
  }

  private stream(): IncomingBytes {
    const bytes = new IncomingBytes((count) => this.body?.took(count));
    this.body = new BodyStream(
      this.request,
      (chunk) => bytes.push(chunk),
      (trailers) => bytes.end(trailers),
      () => this.call?.leave(),
    );
    return bytes;
  }

  private send(write: () => void, last: boolean): void {
    if (this.outcome !== undefined) return;
    try {
      write();
      if (last) this.settle(outcomeOfStatus(this.answer.statusCode));
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.fail(error);
    }
  }

  /** The connection is gone, or the response is out. */
  private closed(): void {
    if (this.outcome !== undefined) return;
    this.settle('ClientGone');
    this.serving.turns.withdraw(this);
    this.call?.leave();
  }

  private settle(outcome: CallOutcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.serving.state.countEnded(outcome);
    // What nobody reads is let go by, so that the connection can serve its next request.
    this.request.resume();
  }

  /** The main thread has no answer to give any more. */
  private release(): void {
    this.serving.state.release(this.slot);
    this.slot = -1;
  }

  /** The guest has returned or trapped. */
  private over(): void {
    this.release();
    this.body?.discard();
    this.serving.state.directCalls--;
    this.serving.turns.leave();
  }
}

const descriptors = new WeakMap<object, number>();

/** Number of a socket's file, which all threads of the process share; -1 where there is none. Asked for once a socket, as it is slow to tell. */
function descriptorOf(socket: object): number {
  let descriptor = descriptors.get(socket);
  if (descriptor === undefined) {
    descriptor = (socket as { _handle?: { fd?: number } })._handle?.fd ?? -1;
    descriptors.set(socket, descriptor);
  }
  return descriptor;
}
