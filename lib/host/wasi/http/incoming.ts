import { WitError } from '../../engine/engine';
import type { Guest } from '../guest';
import { InputStream, Pollable, type ByteSource } from '../io';
import type { ErrorCode } from './error-code';
import { Fields, visible, type RawHeaders } from './fields';
import type { IncomingBytes } from './incoming-bytes';

/** A result in a place where it is data. */
export type Result<T, E> = { tag: 'ok'; val: T } | { tag: 'err'; val: E };

export type Method = { tag: string; val?: string };
export type Scheme = { tag: 'HTTP' | 'HTTPS' } | { tag: 'other'; val: string };

/** A request without its body. */
export interface RequestHead {
  /** In capitals, as on the wire. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly authority: string | undefined;
  readonly headers: RawHeaders;
}

const knownMethods = ['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch'];
const methods = new Map(knownMethods.map((tag) => [tag.toUpperCase(), { tag }]));

export function methodOf(name: string): Method {
  return methods.get(name) ?? { tag: 'other', val: name };
}

/** `wasi:http/types.incoming-request`. */
export class IncomingRequest {
  private body: IncomingBody | undefined;

  constructor(
    guest: Guest,
    private readonly head: RequestHead,
    bytes: IncomingBytes,
  ) {
    this.body = new IncomingBody(guest, bytes);
  }

  method(): Method {
    return methodOf(this.head.method);
  }

  pathWithQuery(): string | undefined {
    return this.head.target;
  }

  scheme(): Scheme | undefined {
    return { tag: this.head.scheme };
  }

  authority(): string | undefined {
    return this.head.authority;
  }

  headers(): Fields {
    return Fields.frozen(visible(this.head.headers));
  }

  consume(): IncomingBody {
    const body = this.body ?? refuse();
    this.body = undefined;
    return body;
  }

  [Symbol.dispose](): void {
    this.body?.[Symbol.dispose]();
  }
}

/** `wasi:http/types.incoming-response`. */
export class IncomingResponse {
  private body: IncomingBody | undefined;

  constructor(
    guest: Guest,
    private readonly code: number,
    private readonly raw: RawHeaders,
    bytes: IncomingBytes,
  ) {
    this.body = new IncomingBody(guest, bytes);
  }

  status(): number {
    return this.code;
  }

  headers(): Fields {
    return Fields.frozen(visible(this.raw));
  }

  consume(): IncomingBody {
    const body = this.body ?? refuse();
    this.body = undefined;
    return body;
  }

  [Symbol.dispose](): void {
    this.body?.[Symbol.dispose]();
  }
}

/** `wasi:http/types.incoming-body`. */
export class IncomingBody {
  private streamed = false;
  private finished = false;

  constructor(
    private readonly guest: Guest,
    private readonly bytes: IncomingBytes,
  ) {}

  static finish(body: IncomingBody): FutureTrailers {
    body.finished = true;
    body.bytes.discard();
    return new FutureTrailers(body.guest, body.bytes);
  }

  stream(): InputStream {
    if (this.streamed) refuse();
    this.streamed = true;
    // Dropping the stream is not the end of the body: its trailers may still be asked for.
    const source: ByteSource = {
      take: (max) => this.bytes.take(max),
      ready: () => this.bytes.ready(),
      subscribe: (wake) => this.bytes.subscribe(wake),
      close: () => undefined,
    };
    return new InputStream(this.guest, source);
  }

  [Symbol.dispose](): void {
    if (!this.finished) this.bytes.close();
  }
}

/** `wasi:http/types.future-trailers`. */
export class FutureTrailers {
  private taken = false;

  constructor(
    private readonly guest: Guest,
    private readonly bytes: IncomingBytes,
  ) {}

  subscribe(): Pollable {
    return new Pollable(this.guest, {
      ready: () => this.bytes.outcome() !== undefined,
      subscribe: (wake) => this.bytes.subscribe(wake),
    });
  }

  get(): Result<Result<Fields | undefined, ErrorCode>, undefined> | undefined {
    const outcome = this.bytes.outcome();
    if (outcome === undefined) return undefined;
    if (this.taken) return { tag: 'err', val: undefined };
    this.taken = true;
    if ('failure' in outcome) return { tag: 'ok', val: { tag: 'err', val: outcome.failure } };
    const { trailers } = outcome;
    return { tag: 'ok', val: { tag: 'ok', val: trailers && Fields.frozen(visible(trailers)) } };
  }

  [Symbol.dispose](): void {
    this.bytes.close();
  }
}

/** The error case of a `result` that says nothing more. */
export function refuse(): never {
  throw new WitError(undefined);
}
