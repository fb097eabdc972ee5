import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallError } from '../call-error';
import { declaredLength, type RawHeaders } from '../wasi/http/fields';

/** Statuses whose responses have no body. */
const bodiless = new Set([204, 205, 304]);
/** Up to this size a body goes into the same write as the headers. */
const inlineBytes = 4096;

/** What `toString('latin1')` of a buffer ends in, for any bytes. */
const { latin1Slice: latin1 } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

/**
 * Writes what a component answers to a response of node:http, and sees to it that the body is as long as its headers say: a body of another
 * length would run into the next response of the connection.
 */
export class ResponseWriter {
  private declared: number | undefined;
  private written = 0;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** Told how many bytes are out of this process. */
    private readonly took: (bytes: number) => void,
  ) {}

  /**
   * The head, with all of the body if it `ended`, else with its beginning if there is one.
   * @throws CallError `NoResponse` if the length is not as declared.
   */
  head(
    status: number,
    headers: RawHeaders,
    body: Uint8Array | undefined,
    ended: boolean,
    trailers: RawHeaders | undefined,
  ): void {
    const { response } = this;
    const hasBody = this.request.method !== 'HEAD' && !bodiless.has(status);
    this.declared = hasBody ? declaredLength(headers) : undefined;
    if (ended && trailers === undefined) return this.whole(status, headers, body, hasBody);
    if (Number.isNaN(this.declared)) throw misdeclared(0);
    response.writeHead(status, headers);
    if (body === undefined) response.flushHeaders();
    else this.chunk(body);
    if (ended) this.end(trailers);
  }

  chunk(bytes: Uint8Array): void {
    this.written += bytes.length;
    this.response.write(bytes, (error) => {
      if (error == null) this.took(bytes.length);
    });
  }

  /** @throws CallError `NoResponse` if the length is not as declared. */
  end(trailers: RawHeaders | undefined): void {
    if (this.declared !== undefined && this.declared !== this.written) throw misdeclared(this.written);
    if (trailers !== undefined) this.response.addTrailers(pairs(trailers));
    this.response.end();
  }

  private whole(status: number, headers: RawHeaders, body: Uint8Array | undefined, hasBody: boolean): void {
    const { response } = this;
    const length = body?.length ?? 0;
    if (hasBody && this.declared === undefined) headers.push('content-length', String(length));
    else if (hasBody && this.declared !== length) throw misdeclared(length);
    response.writeHead(status, headers);
    if (body === undefined || length > inlineBytes) response.end(body);
    // As text of one character a byte it is joined with the headers instead of written beside them.
    else response.end(latin1.call(body, 0, length), 'latin1');
  }
}

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
