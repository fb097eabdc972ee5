import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallError } from './call-error';
import { declaredLength, type RawHeaders } from './wasi/http/fields';
import { transferable, windowBytes, type FromWorker, type ToWorker } from './worker/protocol';
import type { PoolCall } from './worker/pool';

/** A request body that is declared to be no longer than this is read before an instance is occupied with it. */
const smallBodyBytes = 65_536;
/** Statuses whose responses have no body. */
const bodiless = new Set([204, 205, 304]);

type Send = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

/**
 * One HTTP request between node:http and a worker. Bodies stream both ways, each with a window of bytes under way, so that neither a slow
 * client nor a slow guest makes the host hold more than that.
 */
export class HttpCall implements PoolCall {
  private id = 0;
  private send: Send | undefined;
  /** Request bytes that the guest has not read yet. */
  private unread = 0;
  private settled = false;
  /** Length of the response body as its headers say, and as it is. */
  private declared: number | undefined;
  private written = 0;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** The small body, if there is one. */
    private readonly body: Uint8Array | undefined,
    private readonly settle: (error: CallError | undefined) => void,
  ) {
    response.on('close', () => this.closed());
  }

  /** Reads a small body; rejects when the client goes before it is whole. */
  static smallBody(request: IncomingMessage): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => resolve(Uint8Array.from(Buffer.concat(chunks))));
      request.on('error', reject);
    });
  }

  static bodyKind(request: IncomingMessage): 'none' | 'small' | 'stream' {
    const length = request.headers['content-length'];
    if (length === undefined) return request.headers['transfer-encoding'] === undefined ? 'none' : 'stream';
    return Number(length) === 0 ? 'none' : Number(length) <= smallBodyBytes ? 'small' : 'stream';
  }

  start(id: number, send: Send): void {
    this.id = id;
    this.send = send;
    const { method = 'GET', url = '/', headers, rawHeaders, socket } = this.request;
    const streamed = this.body === undefined && HttpCall.bodyKind(this.request) === 'stream';
    const scheme = 'encrypted' in socket ? 'HTTPS' : 'HTTP';
    send(
      ['request', id, method, url, scheme, headers.host, rawHeaders, streamed ? 'stream' : this.body],
      transferable(this.body),
    );
    if (streamed) this.streamRequest(send);
  }

  receive(message: FromWorker): void {
    switch (message[0]) {
      case 'response': {
        const [, , status, headers, body, ended, trailers] = message;
        return this.respond(status, headers, body, ended, trailers);
      }
      case 'chunk':
        return this.write(message[2]);
      case 'end':
        return this.finish(message[2]);
      case 'took':
        this.unread -= message[2];
        if (this.unread < windowBytes / 2) this.request.resume();
        return;
      case 'error':
        return this.fail(new CallError(message[2], message[3]));
      default:
    }
  }

  fail(error: CallError): void {
    // Half a response must not look like a whole one.
    if (this.response.headersSent) this.response.destroy();
    this.done(error);
  }

  private respond(
    status: number,
    headers: RawHeaders,
    body: Uint8Array | undefined,
    ended: boolean,
    trailers: RawHeaders | undefined,
  ): void {
    const { response } = this;
    const whole = ended && trailers === undefined;
    const hasBody = this.request.method !== 'HEAD' && !bodiless.has(status);
    this.declared = hasBody ? declaredLength(headers) : undefined;
    if (whole && hasBody) {
      const length = body?.length ?? 0;
      if (this.declared === undefined) headers.push('content-length', String(length));
      else if (this.declared !== length) return this.fail(misdeclared(length));
    } else if (Number.isNaN(this.declared)) {
      return this.fail(misdeclared(0));
    }
    response.writeHead(status, headers);
    if (whole) {
      response.end(body);
      return this.done(undefined);
    }
    if (body === undefined) response.flushHeaders();
    else this.write(body);
    if (ended) this.finish(trailers);
  }

  private write(bytes: Uint8Array): void {
    this.written += bytes.length;
    this.response.write(bytes, (error) => {
      if (error == null) this.send?.(['took', this.id, bytes.length]);
    });
  }

  private finish(trailers: RawHeaders | undefined): void {
    if (this.declared !== undefined && this.declared !== this.written) {
      return this.fail(misdeclared(this.written));
    }
    if (trailers !== undefined) this.response.addTrailers(pairs(trailers));
    this.response.end();
    this.done(undefined);
  }

  private streamRequest(send: Send): void {
    const { request } = this;
    request.on('data', (chunk: Buffer) => {
      const bytes = Uint8Array.from(chunk);
      this.unread += bytes.length;
      if (this.unread >= windowBytes) request.pause();
      if (!this.settled) send(['chunk', this.id, bytes], transferable(bytes));
    });
    request.on('end', () => {
      send(['end', this.id, request.rawTrailers.length > 0 ? request.rawTrailers : undefined]);
    });
  }

  /** The connection is gone, or the response is out. */
  private closed(): void {
    if (this.response.writableFinished || this.settled) return;
    this.send?.(['gone', this.id]);
    this.done(undefined);
  }

  private done(error: CallError | undefined): void {
    if (this.settled) return;
    this.settled = true;
    // What the guest did not read is let go by, so that the connection can serve its next request.
    this.request.resume();
    this.settle(error);
  }
}

/** A body of another length than its header says would run into the next response of the connection. */
function misdeclared(length: number): CallError {
  return new CallError(
    'NoResponse',
    `Component sent ${length} bytes of body, not the content-length it declared`,
  );
}

function pairs(raw: RawHeaders): [string, string][] {
  return raw.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
  );
}
