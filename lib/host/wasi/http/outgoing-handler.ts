import * as http from 'node:http';
import * as https from 'node:https';
import { WitError } from '../../engine/engine';
import { Wakers, type Guest } from '../guest';
import { ClosedError, Pollable } from '../io';
import { errorCodeOf, type ErrorCode } from './error-code';
import { declaredLength } from './fields';
import { IncomingBytes } from './incoming-bytes';
import { IncomingResponse, type Result } from './incoming';
import type { BodyTarget } from './outgoing-body';
import type { OutgoingRequest, RequestOptions } from './outgoing';

const maxHeaderBytes = 65_536;
/** Times a guest does not set: to connect, until the first byte, between bytes. */
const defaultTimeoutMs = 600_000;
const maxSockets = 256;

const agents = {
  'http:': new http.Agent({ keepAlive: true, maxSockets }),
  'https:': new https.Agent({ keepAlive: true, maxSockets }),
};

/** `wasi:http/outgoing-handler.handle`: sends through node:http, streaming both ways. */
export function handle(
  guest: Guest,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): FutureIncomingResponse {
  if (!guest.context.outgoingHttp) {
    throw new WitError<ErrorCode>({
      tag: 'internal-error',
      val: 'The component has no link for wasi:http/outgoing-handler: link it to an HTTP client provider',
    });
  }
  const scheme = request.scheme() ?? { tag: 'HTTPS' };
  const authority = request.authority();
  if (scheme.tag === 'other' || authority === undefined) {
    throw new WitError<ErrorCode>({ tag: 'HTTP-request-URI-invalid' });
  }
  const protocol = scheme.tag === 'HTTP' ? 'http:' : 'https:';
  const method = request.method();
  const url = parse(`${protocol}//${authority}`);
  const outgoing = (protocol === 'http:' ? http : https).request({
    agent: agents[protocol],
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: request.pathWithQuery() ?? '/',
    method: method.tag === 'other' ? method.val : method.tag.toUpperCase(),
    headers: headersOf(request, url),
    maxHeaderSize: maxHeaderBytes,
    timeout: milliseconds(options?.connectTimeout()),
  } as http.RequestOptions);
  const future = new FutureIncomingResponse(guest, outgoing, options);
  if (request.bodyTaken === undefined) outgoing.end();
  else request.bodyTaken.pipe.bind(new RequestBody(outgoing));
  return future;
}

/** `wasi:http/types.future-incoming-response`. */
export class FutureIncomingResponse {
  private readonly wakers = new Wakers();
  private result: Result<IncomingResponse, ErrorCode> | undefined;
  private taken = false;

  constructor(
    private readonly guest: Guest,
    private readonly request: http.ClientRequest,
    private readonly options: RequestOptions | undefined,
  ) {
    const firstByte = milliseconds(options?.firstByteTimeout());
    const timer = setTimeout(() => this.fail({ tag: 'connection-read-timeout' }), firstByte);
    request.on('socket', (socket) => socket.once('connect', () => request.setTimeout(0)));
    request.on('timeout', () => this.fail({ tag: 'connection-timeout' }));
    request.on('error', (error) => this.fail(errorCodeOf(error)));
    request.on('close', () => clearTimeout(timer));
    request.on('response', (response) => {
      clearTimeout(timer);
      this.settle({ tag: 'ok', val: this.receive(response) });
    });
  }

  subscribe(): Pollable {
    return new Pollable(this.guest, {
      ready: () => this.result !== undefined,
      subscribe: (wake) => this.wakers.subscribe(wake),
    });
  }

  get(): Result<Result<IncomingResponse, ErrorCode>, undefined> | undefined {
    if (this.result === undefined) return undefined;
    if (this.taken) return { tag: 'err', val: undefined };
    this.taken = true;
    return { tag: 'ok', val: this.result };
  }

  [Symbol.dispose](): void {
    if (!this.taken) this.request.destroy();
  }

  private receive(response: http.IncomingMessage): IncomingResponse {
    const bytes = new IncomingBytes(
      () => response.resume(),
      () => response.destroy(),
    );
    this.request.setTimeout(milliseconds(this.options?.betweenBytesTimeout()));
    response.on('data', (chunk: Buffer) => {
      response.pause();
      bytes.push(Uint8Array.from(chunk));
    });
    response.on('end', () => {
      bytes.end(response.rawTrailers.length > 0 ? response.rawTrailers : undefined);
    });
    response.on('error', (error) => bytes.fail(errorCodeOf(error)));
    response.on('close', () => bytes.fail({ tag: 'HTTP-response-incomplete' }));
    return new IncomingResponse(this.guest, response.statusCode ?? 0, response.rawHeaders, bytes);
  }

  private fail(code: ErrorCode): void {
    this.request.destroy();
    this.settle({ tag: 'err', val: code });
  }

  private settle(result: Result<IncomingResponse, ErrorCode>): void {
    this.result ??= result;
    this.wakers.wake();
  }
}

/** The body of a request of ours. */
class RequestBody implements BodyTarget {
  constructor(private readonly request: http.ClientRequest) {}

  room(): number {
    if (this.request.destroyed) throw new ClosedError('Request was ended by the other side');
    return this.request.writableNeedDrain
      ? 0
      : this.request.writableHighWaterMark - this.request.writableLength;
  }

  ready(): boolean {
    return this.request.destroyed || !this.request.writableNeedDrain;
  }

  subscribe(wake: () => void): () => void {
    this.request.on('drain', wake).on('close', wake);
    return () => this.request.off('drain', wake).off('close', wake);
  }

  write(bytes: Uint8Array): void {
    this.request.write(bytes);
  }

  end(trailers: string[] | undefined): void {
    if (trailers !== undefined) this.request.addTrailers(pairs(trailers));
    this.request.end();
  }

  abort(): void {
    this.request.destroy();
  }
}

/** Everything that goes out, framing included: node:http frames no body of methods that usually have none. */
function headersOf(request: OutgoingRequest, url: URL): string[] {
  const { raw } = request.headers();
  const declared = declaredLength(raw);
  const body = request.bodyTaken !== undefined;
  if (Number.isNaN(declared) || (!body && declared !== undefined && declared > 0)) {
    throw new WitError<ErrorCode>({ tag: 'HTTP-request-body-size', val: undefined });
  }
  const framing = body && declared === undefined ? ['transfer-encoding', 'chunked'] : [];
  return ['host', url.host, ...raw, ...framing];
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch (error) {
    throw new WitError<ErrorCode>({ tag: 'HTTP-request-URI-invalid' }, { cause: error });
  }
}

function milliseconds(nanoseconds: bigint | undefined): number {
  return nanoseconds === undefined
    ? defaultTimeoutMs
    : Math.min(Number(nanoseconds / 1_000_000n) || 1, 2 ** 31 - 1);
}
