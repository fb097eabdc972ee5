import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallError } from '../call-error';
import { endsCall, type CallMessage, type PoolCall } from '../worker/slot';
import { transferable, type ToWorker } from '../worker/protocol';
import { BodyStream, bodyKind } from './body';
import { schemeOf } from './scheme';
import { ResponseWriter } from './response-writer';

type Send = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

/** One HTTP request that the main thread accepted, on its way through a worker. */
export class HttpCall implements PoolCall {
  private id = 0;
  private send: Send | undefined;
  private body: BodyStream | undefined;
  private settled = false;
  private readonly writer: ResponseWriter;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** The small body, if there is one. */
    private readonly content: Uint8Array | undefined,
    private readonly settle: (error: CallError | undefined) => void,
  ) {
    this.writer = new ResponseWriter(request, response, (bytes) => this.send?.(['took', this.id, bytes]));
    response.on('close', () => this.closed());
  }

  start(id: number, send: Send): void {
    this.id = id;
    this.send = send;
    const { request, content } = this;
    const { method = 'GET', url = '/', headers, rawHeaders } = request;
    const streamed = content === undefined && bodyKind(request) === 'stream';
    send(
      [
        'request',
        id,
        method,
        url,
        schemeOf(request),
        headers.host,
        rawHeaders,
        streamed ? 'stream' : content,
      ],
      transferable(content),
    );
    if (!streamed) return;
    this.body = new BodyStream(
      request,
      (bytes) => send(['chunk', id, bytes], transferable(bytes)),
      (trailers) => send(['end', id, trailers]),
      () => send(['gone', id]),
    );
  }

  receive(message: CallMessage): void {
    // A guest may go on with the body after its response.
    if (message[0] === 'took') return this.body?.took(message[2]);
    if (endsCall(message)) this.body?.discard();
    // Answered by somebody else: it took too long.
    if (this.response.writableEnded) return this.closed();
    try {
      switch (message[0]) {
        case 'response': {
          const [, , status, headers, body, ended, trailers] = message;
          this.writer.head(status, headers, body, ended, trailers);
          if (ended) this.done(undefined);
          return;
        }
        case 'chunk':
          return this.writer.chunk(message[2]);
        case 'end':
          this.writer.end(message[2]);
          return this.done(undefined);
        case 'error':
          return this.fail(new CallError(message[2], message[3]));
        default:
      }
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.fail(error);
    }
  }

  fail(error: CallError): void {
    this.body?.discard();
    // Half a response must not look like a whole one.
    if (this.response.headersSent) this.response.destroy();
    this.done(error);
  }

  /** The connection is gone, or the response is out. */
  private closed(): void {
    if (this.settled) return;
    this.body?.discard();
    this.send?.(['gone', this.id]);
    this.done(undefined);
  }

  private done(error: CallError | undefined): void {
    if (this.settled) return;
    this.settled = true;
    // What nobody reads is let go by, so that the connection can serve its next request.
    this.request.resume();
    this.settle(error);
  }
}
