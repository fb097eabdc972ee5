import { WitError } from '../../engine/engine';
import { fromFields, toFields } from '../../http/wire-headers';
import type { Response } from '../../../lattice/interfaces/http';
import type { Download, Guest, StreamedAnswer, Upload } from '../guest';
import { Pollable } from '../io';
import type { ErrorCode } from './error-code';
import { declaredLength, type RawHeaders } from './fields';
import { IncomingBytes } from './incoming-bytes';
import { IncomingResponse, type Result } from './incoming';
import type { BodyTarget } from './outgoing-body';
import type { OutgoingRequest, RequestOptions } from './outgoing';

const target = {
  interface: 'wasi:http/outgoing-handler',
  wireInterface: 'wrpc:http/outgoing-handler@0.1.0',
  function: 'handle',
};
/** Methods whose requests say how long their body is even where there is none. */
const bodied = new Set(['post', 'put', 'patch']);

/** `wasi:http/outgoing-handler.handle`: a call of whatever is linked to send HTTP, with the bodies streamed beside it. */
export function handle(
  guest: Guest,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): FutureIncomingResponse {
  const scheme = request.scheme() ?? { tag: 'HTTPS' };
  const authority = request.authority();
  if (scheme.tag === 'other' || authority === undefined) {
    throw new WitError<ErrorCode>({ tag: 'HTTP-request-URI-invalid' });
  }
  if (guest.streamsFull) throw new WitError<ErrorCode>({ tag: 'connection-limit-reached' });
  const method = request.method();
  const head = {
    method,
    pathWithQuery: request.pathWithQuery() ?? '/',
    scheme,
    authority,
    // The HTTP client of wasmCloud adds no `host`: its hosts put it there.
    headers: toFields([...headersOf(request, bodied.has(method.tag), guest.traceparent), 'host', authority]),
  };
  const limits = options && {
    connectTimeout: options.connectTimeout(),
    firstByteTimeout: options.firstByteTimeout(),
    betweenBytesTimeout: options.betweenBytesTimeout(),
  };
  const body = new ResponseBody();
  const call = guest.stream(target, [head, limits], body);
  if (request.bodyTaken === undefined) call.upload.end();
  else request.bodyTaken.pipe.bind(new RequestBody(call.upload));
  return new FutureIncomingResponse(guest, call, body);
}

/** `wasi:http/types.future-incoming-response`. */
export class FutureIncomingResponse {
  private taken = false;

  constructor(
    private readonly guest: Guest,
    private readonly call: StreamedAnswer,
    private readonly body: ResponseBody,
  ) {}

  subscribe(): Pollable {
    return new Pollable(this.guest, this.call);
  }

  get(): Result<Result<IncomingResponse, ErrorCode>, undefined> | undefined {
    if (!this.call.ready()) return undefined;
    if (this.taken) return { tag: 'err', val: undefined };
    this.taken = true;
    return { tag: 'ok', val: this.outcome() };
  }

  [Symbol.dispose](): void {
    if (!this.taken) this.guest.forget(this.call);
  }

  private outcome(): Result<IncomingResponse, ErrorCode> {
    const { guest, call, body } = this;
    try {
      const { status, headers } = call.result() as Response;
      const bytes = body.attach(
        (taken) => call.took(taken),
        () => guest.forget(call),
      );
      return { tag: 'ok', val: new IncomingResponse(guest, status, fromFields(headers), bytes) };
    } catch (error) {
      guest.forget(call);
      const val =
        error instanceof WitError
          ? (error.payload as ErrorCode)
          : { tag: 'internal-error' as const, val: (error as Error).message };
      return { tag: 'err', val };
    }
  }
}

/** The body of a response, which may arrive before the guest asks for the response. */
class ResponseBody implements Download {
  private took: (bytes: number) => void = () => undefined;
  private forget: () => void = () => undefined;
  private over = false;
  private readonly bytes = new IncomingBytes(
    (bytes) => this.took(bytes),
    () => this.forget(),
  );

  part(part: unknown): void {
    this.bytes.push(part as Uint8Array);
  }

  ended(tag: 'ok' | 'err' | 'failed', value: unknown): void {
    this.over = true;
    if (tag === 'ok') this.bytes.end(value === undefined ? undefined : fromFields(value as Fields));
    else if (tag === 'err') this.bytes.fail(value as ErrorCode);
    else this.bytes.fail({ tag: 'HTTP-response-incomplete' });
    this.forget();
  }

  attach(took: (bytes: number) => void, forget: () => void): IncomingBytes {
    this.took = took;
    this.forget = forget;
    if (this.over) forget();
    return this.bytes;
  }
}

type Fields = Response['headers'];

/** The body of a request of the guest's. */
class RequestBody implements BodyTarget {
  constructor(private readonly upload: Upload) {}

  room(): number {
    return this.upload.room();
  }

  ready(): boolean {
    return this.upload.ready();
  }

  subscribe(wake: () => void): () => void {
    return this.upload.subscribe(wake);
  }

  write(bytes: Uint8Array): void {
    this.upload.write(bytes);
  }

  end(trailers: RawHeaders | undefined): void {
    this.upload.end(trailers && toFields(trailers));
  }

  abort(): void {
    this.upload.abort();
  }
}

/** What the guest says, checked: framing follows from what is declared here. */
function headersOf(request: OutgoingRequest, bodied: boolean, traceparent: string | undefined): RawHeaders {
  const fields = request.headers();
  const raw = [...fields.raw];
  const declared = declaredLength(raw);
  const hasBody = request.bodyTaken !== undefined;
  if (Number.isNaN(declared) || (!hasBody && declared !== undefined && declared > 0)) {
    throw new WitError<ErrorCode>({ tag: 'HTTP-request-body-size', val: undefined });
  }
  if (!hasBody && bodied && declared === undefined) raw.push('content-length', '0');
  if (traceparent !== undefined && !fields.has('traceparent')) raw.push('traceparent', traceparent);
  return raw;
}
