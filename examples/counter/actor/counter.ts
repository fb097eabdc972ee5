import {
  Fields,
  type IncomingRequest,
  OutgoingBody,
  OutgoingResponse,
  ResponseOutparam,
} from 'wasi:http/types@0.2.12';
import { increment } from 'wasi:keyvalue/atomics@0.2.0-draft';
import { open } from 'wasi:keyvalue/store@0.2.0-draft';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the world exports as wasi:http/incoming-handler. */
export const incomingHandler = {
  handle(request: IncomingRequest, responseOut: ResponseOutparam): void {
    if (request.method().tag !== 'get') {
      respond(responseOut, 405, 'Only GET counts as a visit\n');
      return;
    }
    let visits: bigint;
    try {
      visits = increment(open('default'), 'visits', 1n);
    } catch (error) {
      respond(responseOut, 503, `The visit could not be counted: ${reasonOf(error)}\n`);
      return;
    }
    respond(responseOut, 200, `Visit ${visits}\n`);
  },
};

/** The error of a WIT function is the payload of what is thrown. */
function reasonOf(error: unknown): string {
  const { payload } = error as { payload?: { tag: string; val?: string } };
  return payload === undefined ? String(error) : (payload.val ?? payload.tag);
}

function respond(responseOut: ResponseOutparam, status: number, text: string): void {
  const response = new OutgoingResponse(Fields.fromList([['content-type', encode('text/plain')]]));
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(responseOut, { tag: 'ok', val: response });
  const stream = body.write();
  stream.blockingWriteAndFlush(encode(text));
  // The stream is a child of the body, which can be finished only without it.
  stream[Symbol.dispose]();
  OutgoingBody.finish(body, undefined);
}
