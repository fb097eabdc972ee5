import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import { isWitError } from '../../base/wit-error';
import type { interfaces } from '../../lattice';
import { type BoundFunction, WrpcError } from '../../lattice';
import { CallError } from '../call-error';
import { methodOf } from '../wasi/http/incoming';
import { refuse } from './refusal';
import { ResponseWriter } from './response-writer';
import { schemeOf } from './scheme';
import { endToEnd, fromFields, toFields } from './wire-headers';

type Response = interfaces.http.Response;
type Fields = interfaces.http.Fields;

/** Longest wait for the head of a response, in milliseconds: as long as a component may run unless it is told otherwise. */
const deadlineMs = 600_000;

/** What becomes of a request that was rejected with `error`: another attempt, or that error. */
type Again = (error: unknown, signal: AbortSignal, attempt: () => Promise<unknown>) => Promise<unknown>;

/** Answers HTTP requests by a component that runs elsewhere in the lattice. */
export class RemoteHandler {
  constructor(
    /** Id of the component. */
    private readonly target: string,
    /** Its `wrpc:http/incoming-handler`. */
    private readonly handle: BoundFunction,
    private readonly again: Again,
  ) {}

  /** Answers in any case: what cannot be had of the component is 502, 503 or 504, with the reason. */
  async handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const left = (): void => gone.abort(new Error('The client has gone'));
    response.once('close', left);
    try {
      const { signal } = gone;
      const wire = wireRequest(request);
      const attempt = (): Promise<unknown> => this.handle([wire], { deadlineMs, signal });
      const answer = await attempt().catch((error: unknown) => this.again(error, signal, attempt));
      await write(answer as Response, request, response);
    } catch (error) {
      if (!gone.signal.aborted) this.failed(response, error);
    } finally {
      response.off('close', left);
      request.resume();
    }
  }

  private failed(response: ServerResponse, error: unknown): void {
    const { status, reason } = failureOf(error);
    log.warn({ target: this.target, reason, error: messageOf(error) }, 'Component elsewhere did not answer');
    // Half a response must not look like a whole one.
    if (response.headersSent) response.destroy();
    else refuse(response, status, `The component ${this.target} did not answer: ${reason}`);
  }
}

function wireRequest(request: IncomingMessage): interfaces.http.Request {
  const { method = 'GET', url = '/', headers, rawHeaders } = request;
  return {
    body: request,
    trailers: trailersOf(request),
    method: methodOf(method) as interfaces.http.Request['method'],
    pathWithQuery: url,
    scheme: { tag: schemeOf(request) },
    authority: headers.host ?? '',
    headers: toFields(endToEnd(rawHeaders)),
  };
}

function trailersOf(request: IncomingMessage): Promise<Fields | undefined> {
  return new Promise((resolve, reject) => {
    request.once('end', () =>
      resolve(request.rawTrailers.length > 0 ? toFields(request.rawTrailers) : undefined),
    );
    request.once('close', () => reject(new Error('The client went before its request was whole')));
  });
}

async function write(answer: Response, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Answered by somebody else: it took too long.
  if (response.writableEnded) return;
  const writer = new ResponseWriter(request, response, () => undefined);
  writer.head(answer.status, endToEnd(fromFields(answer.headers)), undefined, false, undefined);
  // What a component did not end because it trapped, a wasmCloud 1.9 host ends as if it were whole: only a content-length tells then.
  for await (const chunk of answer.body) {
    if (response.destroyed) return;
    writer.chunk(chunk);
    if (response.writableNeedDrain) await drained(response);
  }
  const trailers = await answer.trailers;
  writer.end(trailers && fromFields(trailers));
}

/** Resolves when more may be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function failureOf(error: unknown): { status: number; reason: string } {
  if (isWitError(error)) {
    const { tag } = error.payload as { tag: string };
    return { status: tag === 'HTTP-response-timeout' ? 504 : 502, reason: tag };
  }
  if (error instanceof CallError) return { status: 502, reason: error.reason };
  if (!(error instanceof WrpcError)) return { status: 502, reason: 'internal error' };
  const { reason } = error;
  if (reason === 'NoResponders' || reason === 'Disconnected') return { status: 503, reason };
  return { status: reason === 'DeadlineExceeded' ? 504 : 502, reason };
}
