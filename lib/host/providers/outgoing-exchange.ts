import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import { WitError } from '../../base/wit-error';
import type { Fields, Request, requestOptions, Response } from '../../lattice/interfaces/http';
import type { Js } from '../../lattice/wrpc/types';
import { endToEnd, fromFields, toFields } from '../http/wire-headers';
import { errorCodeOf, type ErrorCode } from '../wasi/http/error-code';
import { declaredLength, type RawHeaders } from '../wasi/http/fields';
import type { Egress } from './egress';

/** Time limits in nanoseconds. */
export type Limits = Js<typeof requestOptions>;

const maxHeaderBytes = 65_536;
/** Each limit that a caller does not set: to connect, until the first byte, between bytes. */
const defaultTimeoutMs = 600_000;
/** Methods whose requests have a body even where nothing declares its length. */
const bodied = new Set(['POST', 'PUT', 'PATCH']);
const userAgent = 'kasmcloud-http-client';

/** One HTTP request on its way through node:http, and its response; every failure is an `error-code` of wasi:http. */
export class OutgoingExchange {
  private readonly request: http.ClientRequest;
  /** Why it was ended from this side. */
  private ending: ErrorCode | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** Sends a request; resolves with the head of its response. */
  static async send(
    request: Request,
    limits: Limits | undefined,
    egress: Egress,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = urlOf(request);
    if (!egress.permitsHost(url)) fail({ tag: 'HTTP-request-denied' });
    const address = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0 && !egress.permitsAddress(address)) fail({ tag: 'destination-IP-prohibited' });
    const method = request.method.tag === 'other' ? request.method.val : request.method.tag.toUpperCase();
    // A tunnel is no request.
    if (method === 'CONNECT') fail({ tag: 'HTTP-request-method-invalid' });
    const headers = endToEnd(fromFields(request.headers));
    const declared = declaredLength(headers);
    if (Number.isNaN(declared)) fail({ tag: 'HTTP-request-body-size', val: undefined });
    const body = request.body[Symbol.asyncIterator]();
    let first: IteratorResult<Uint8Array> | undefined;
    // Whether there is a body shows in its first bytes only.
    if (declared === undefined && !bodied.has(method)) first = await begin(body);
    const chunked = declared === undefined && first?.done !== true;
    signal.throwIfAborted();
    const exchange = new OutgoingExchange(url, address, method, headers, chunked, limits, egress);
    return exchange.run(body, first, request.trailers, declared, signal);
  }

  private constructor(
    url: URL,
    hostname: string,
    method: string,
    headers: RawHeaders,
    chunked: boolean,
    private readonly limits: Limits | undefined,
    egress: Egress,
  ) {
    const own = headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== 'host');
    const named = own.some((text, index) => index % 2 === 0 && text.toLowerCase() === 'user-agent');
    const protocol = url.protocol as 'http:' | 'https:';
    this.request = making(() =>
      (protocol === 'http:' ? http : https).request({
        agent: egress.agent(protocol),
        hostname,
        port: url.port,
        path: url.pathname + url.search,
        method,
        headers: [
          ...['host', url.host, ...own],
          ...(named ? [] : ['user-agent', userAgent]),
          ...(chunked ? ['transfer-encoding', 'chunked'] : []),
        ],
        maxHeaderSize: maxHeaderBytes,
      } as http.RequestOptions),
    );
  }

  private run(
    body: AsyncIterator<Uint8Array>,
    first: IteratorResult<Uint8Array> | undefined,
    trailers: Promise<Fields | undefined>,
    declared: number | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    const { request } = this;
    const aborted = (): void => this.end({ tag: 'connection-terminated' });
    signal.addEventListener('abort', aborted, { once: true });
    request.once('close', () => {
      clearTimeout(this.timer);
      signal.removeEventListener('abort', aborted);
    });
    this.watchConnection();
    const response = new Promise<Response>((resolve, reject) => {
      request.once('response', (response) => {
        clearTimeout(this.timer);
        resolve(this.receive(response));
      });
      // Stays: an error after the response is the response's own matter.
      request.on('error', (error) =>
        reject(new WitError(this.ending ?? errorCodeOf(error), { cause: error })),
      );
    });
    this.upload(body, first, trailers, declared).catch((error: unknown) =>
      this.end(error instanceof WitError ? (error.payload as ErrorCode) : { tag: 'connection-terminated' }),
    );
    return response;
  }

  /** Ends the exchange from this side, for a reason that its caller is told. */
  private end(code: ErrorCode): void {
    this.ending ??= code;
    this.request.destroy(new Error(code.tag));
  }

  private arm(nanoseconds: bigint | undefined, code: () => ErrorCode): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(code()), milliseconds(nanoseconds));
  }

  private watchConnection(): void {
    const { request, limits } = this;
    const firstByte = (): void =>
      this.arm(limits?.firstByteTimeout, () => ({ tag: 'connection-read-timeout' }));
    this.arm(limits?.connectTimeout, () => ({
      tag: request.socket === null ? 'connection-limit-reached' : 'connection-timeout',
    }));
    request.once('socket', (socket) => {
      if (!socket.connecting) firstByte();
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', firstByte);
    });
  }

  private async upload(
    body: AsyncIterator<Uint8Array>,
    first: IteratorResult<Uint8Array> | undefined,
    trailers: Promise<Fields | undefined>,
    declared: number | undefined,
  ): Promise<void> {
    const { request } = this;
    let written = 0;
    for (let next = first ?? (await body.next()); next.done !== true; next = await body.next()) {
      if (request.destroyed) return void (await body.return?.());
      written += next.value.length;
      if (declared !== undefined && written > declared) break;
      if (!request.write(next.value)) await drained(request);
    }
    // A body of another length would run into the next request of the connection.
    if (declared !== undefined && written !== declared) {
      fail({ tag: 'HTTP-request-body-size', val: BigInt(written) });
    }
    const fields = await trailers;
    if (fields !== undefined) request.addTrailers(pairs(endToEnd(fromFields(fields))));
    request.end();
  }

  private receive(response: http.IncomingMessage): Response {
    let settle: (fields: Fields | undefined) => void = () => undefined;
    let break_: (error: Error) => void = () => undefined;
    const trailers = new Promise<Fields | undefined>((resolve, reject) => {
      settle = resolve;
      break_ = reject;
    });
    // Whoever only reads the body learns of the failure there.
    trailers.catch(() => undefined);
    return {
      status: response.statusCode ?? 0,
      headers: toFields(endToEnd(response.rawHeaders)),
      body: this.read(response, settle, break_),
      trailers,
    };
  }

  private async *read(
    response: http.IncomingMessage,
    settle: (fields: Fields | undefined) => void,
    break_: (error: Error) => void,
  ): AsyncGenerator<Uint8Array, void> {
    const late = (): ErrorCode => ({ tag: 'connection-read-timeout' });
    const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        this.arm(this.limits?.betweenBytesTimeout, late);
        const next = await chunks.next();
        clearTimeout(this.timer);
        if (next.done === true) break;
        yield next.value;
      }
      const { rawTrailers } = response;
      settle(rawTrailers.length > 0 ? toFields(endToEnd(rawTrailers)) : undefined);
    } catch (error) {
      const failure = new WitError<ErrorCode>(this.ending ?? { tag: 'HTTP-response-incomplete' }, {
        cause: error,
      });
      break_(failure);
      throw failure;
    } finally {
      clearTimeout(this.timer);
      if (!response.readableEnded) this.request.destroy();
    }
  }
}

async function begin(body: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await body.next();
  } catch (error) {
    return fail({ tag: 'connection-terminated' }, error);
  }
}

function making<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    return fail(errorCodeOf(error), error);
  }
}

/** Resolves when more may be written, or nobody reads any more. */
function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done);
      request.off('close', done);
      resolve();
    };
    request.on('drain', done);
    request.on('close', done);
    if (request.destroyed) done();
  });
}

function urlOf({ scheme, authority, pathWithQuery }: Request): URL {
  const protocol = { HTTP: 'http:', HTTPS: 'https:', other: undefined }[scheme?.tag ?? 'HTTPS'];
  const path = pathWithQuery ?? '/';
  if (protocol === undefined || authority === undefined || !path.startsWith('/') || /[\s#]/.test(path)) {
    return fail({ tag: 'HTTP-request-URI-invalid' });
  }
  let url: URL;
  try {
    url = new URL(`${protocol}//${authority}`);
  } catch (error) {
    return fail({ tag: 'HTTP-request-URI-invalid' }, error);
  }
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '') {
    fail({ tag: 'HTTP-request-URI-invalid' });
  }
  const [pathname = '/', ...query] = path.split('?');
  url.pathname = pathname;
  if (query.length > 0) url.search = query.join('?');
  return url;
}

function pairs(raw: RawHeaders): [string, string][] {
  return raw.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
  );
}

function milliseconds(nanoseconds: bigint | undefined): number {
  if (nanoseconds === undefined) return defaultTimeoutMs;
  return Math.min(Number(nanoseconds / 1_000_000n) || 1, 2 ** 31 - 1);
}

function fail(code: ErrorCode, cause?: unknown): never {
  throw new WitError<ErrorCode>(code, cause === undefined ? undefined : { cause });
}
