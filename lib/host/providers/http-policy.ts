import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../http/refusal';
import type { Cors, HttpSettings } from './http-settings';

/**
 * Does what the settings of a link ask for before its component sees a request, and prepares the response.
 * @returns whether the component is to be asked; else the response is out
 */
export function admit(settings: HttpSettings, request: IncomingMessage, response: ServerResponse): boolean {
  const { cors, cacheControl, readonly, timeoutMs, disableKeepAlive } = settings;
  if (disableKeepAlive) response.shouldKeepAlive = false;
  if (cors !== undefined && answerCors(cors, request, response)) return false;
  const refusal = readonly && !isRead(request) ? onlyReads : bodyRefusal(settings, request);
  if (refusal !== undefined) {
    // Its body is not read: the connection cannot serve another request.
    if (refusal !== onlyReads || hasBody(request)) response.shouldKeepAlive = false;
    refuse(response, ...refusal);
    return false;
  }
  if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl);
  if (timeoutMs !== undefined) {
    const late = setTimeout(() => {
      response.shouldKeepAlive = false;
      refuse(response, 408, `The component did not answer within ${timeoutMs} ms`);
    }, timeoutMs);
    response.once('close', () => clearTimeout(late));
  }
  return true;
}

const onlyReads: [number, string] = [405, 'only GET and HEAD allowed in read-only mode'];

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function bodyRefusal({ maxBodyBytes }: HttpSettings, request: IncomingMessage): [number, string] | undefined {
  if (maxBodyBytes === undefined || !hasBody(request)) return undefined;
  const length = request.headers['content-length'];
  if (length === undefined) return [411, 'A body needs a content-length here'];
  return Number(length) > maxBodyBytes ? [413, `A body may have ${maxBodyBytes} bytes here`] : undefined;
}

/** Tells a browser who may use the response; answers its question about a request that is to come, and then returns true. */
function answerCors(cors: Cors, request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (cors.origins.length > 0) response.setHeader('vary', 'origin');
  const allowed = cors.origins.length === 0 ? '*' : cors.origins.find((one) => one === origin);
  if (origin !== undefined && allowed !== undefined)
    response.setHeader('access-control-allow-origin', allowed);
  const isQuestion =
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (!isQuestion) {
    if (cors.exposed.length > 0) response.setHeader('access-control-expose-headers', cors.exposed.join(','));
    return false;
  }
  response.writeHead(200, {
    'access-control-allow-methods': cors.methods.join(','),
    'access-control-allow-headers': cors.headers.join(','),
    'access-control-max-age': String(cors.maxAgeSeconds),
    'content-length': '0',
  });
  response.end();
  return true;
}
