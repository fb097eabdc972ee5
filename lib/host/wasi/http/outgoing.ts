import type { Guest } from '../guest';
import { Fields, type RawHeaders } from './fields';
import { refuse, type Method, type Result, type Scheme } from './incoming';
import { OutgoingBody, type BodyTarget } from './outgoing-body';
import type { ErrorCode } from './error-code';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const authoritySyntax = /^[A-Za-z0-9\-._~%:[\]@!$&'()*+,;=]+$/;
const targetSyntax = /^[/*][\x21-\x7e]*$/;

/** `wasi:http/types.outgoing-response`. */
export class OutgoingResponse {
  private code = 200;
  private bodyTaken: OutgoingBody | undefined;

  constructor(
    private readonly guest: Guest,
    private readonly fields: Fields,
  ) {}

  statusCode(): number {
    return this.code;
  }

  setStatusCode(code: number): void {
    if (code < 200 || code > 999) refuse();
    this.code = code;
  }

  headers(): Fields {
    return Fields.frozen(this.fields.raw);
  }

  body(): OutgoingBody {
    if (this.bodyTaken !== undefined) refuse();
    return (this.bodyTaken = new OutgoingBody(this.guest, this.fields));
  }

  /** Hands the response to its receiver; the body follows as the guest writes it. */
  send(target: ResponseTarget): void {
    const body = target.respond(this.code, this.fields.raw);
    if (this.bodyTaken === undefined) body.end(undefined);
    else this.bodyTaken.pipe.bind(body);
  }
}

/** Who gets the answer to a request. */
export interface ResponseTarget {
  respond(status: number, headers: RawHeaders): BodyTarget;
  /** There is no answer but this reason. */
  fail(code: ErrorCode): void;
}

/** `wasi:http/types.response-outparam`. */
export class ResponseOutparam {
  constructor(private readonly target: ResponseTarget) {}

  static set(param: ResponseOutparam, response: Result<OutgoingResponse, ErrorCode>): void {
    if (response.tag === 'ok') response.val.send(param.target);
    else param.target.fail(response.val);
  }
}

/** `wasi:http/types.outgoing-request`. */
export class OutgoingRequest {
  private verb: Method = { tag: 'get' };
  private target: string | undefined;
  private protocol: Scheme | undefined;
  private host: string | undefined;
  bodyTaken: OutgoingBody | undefined;

  constructor(
    private readonly guest: Guest,
    private readonly fields: Fields,
  ) {}

  method(): Method {
    return this.verb;
  }

  setMethod(method: Method): void {
    if (method.tag === 'other' && !token.test(method.val ?? '')) refuse();
    this.verb = method;
  }

  pathWithQuery(): string | undefined {
    return this.target;
  }

  setPathWithQuery(target: string | undefined): void {
    if (target !== undefined && !targetSyntax.test(target)) refuse();
    this.target = target;
  }

  scheme(): Scheme | undefined {
    return this.protocol;
  }

  setScheme(scheme: Scheme | undefined): void {
    this.protocol = scheme;
  }

  authority(): string | undefined {
    return this.host;
  }

  setAuthority(authority: string | undefined): void {
    if (authority !== undefined && !authoritySyntax.test(authority)) refuse();
    this.host = authority;
  }

  headers(): Fields {
    return Fields.frozen(this.fields.raw);
  }

  body(): OutgoingBody {
    if (this.bodyTaken !== undefined) refuse();
    return (this.bodyTaken = new OutgoingBody(this.guest, this.fields));
  }
}

/** `wasi:http/types.request-options`: durations in nanoseconds. */
export class RequestOptions {
  private connect: bigint | undefined;
  private firstByte: bigint | undefined;
  private betweenBytes: bigint | undefined;

  connectTimeout(): bigint | undefined {
    return this.connect;
  }

  setConnectTimeout(duration: bigint | undefined): void {
    this.connect = duration;
  }

  firstByteTimeout(): bigint | undefined {
    return this.firstByte;
  }

  setFirstByteTimeout(duration: bigint | undefined): void {
    this.firstByte = duration;
  }

  betweenBytesTimeout(): bigint | undefined {
    return this.betweenBytes;
  }

  setBetweenBytesTimeout(duration: bigint | undefined): void {
    this.betweenBytes = duration;
  }
}
