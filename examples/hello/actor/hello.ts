import {
  Fields,
  type IncomingRequest,
  OutgoingBody,
  OutgoingResponse,
  ResponseOutparam,
} from 'wasi:http/types@0.2.12';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the world exports as wasi:http/incoming-handler. */
export const incomingHandler = {
  handle(request: IncomingRequest, responseOut: ResponseOutparam): void {
    const method = request.method().tag;
    if (method !== 'get' && method !== 'head') {
      respond(responseOut, 405, { allow: 'GET, HEAD' }, `${method} is not allowed here\n`);
      return;
    }
    const [path = '/'] = (request.pathWithQuery() ?? '/').split('?');
    let name: string;
    try {
      name = decodeURIComponent(path.slice(1)) || 'world';
    } catch (error) {
      respond(responseOut, 400, {}, `${path} is not a URL-encoded name: ${String(error)}\n`);
      return;
    }
    respond(responseOut, 200, {}, method === 'get' ? `Hello, ${name}!\n` : '');
  },
};

function respond(
  responseOut: ResponseOutparam,
  status: number,
  headers: Record<string, string>,
  text: string,
): void {
  const all = { 'content-type': 'text/plain; charset=utf-8', 'x-powered-by': 'kasmcloud', ...headers };
  const response = new OutgoingResponse(
    Fields.fromList(Object.entries(all).map(([key, value]) => [key, encode(value)])),
  );
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(responseOut, { tag: 'ok', val: response });
  const stream = body.write();
  // One blocking write takes at most 4096 bytes.
  const bytes = encode(text);
  for (let start = 0; start < bytes.length; start += 4096)
    stream.blockingWriteAndFlush(bytes.subarray(start, start + 4096));
  // The stream is a child of the body, which can be finished only without it.
  stream[Symbol.dispose]();
  OutgoingBody.finish(body, undefined);
}
