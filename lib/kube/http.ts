import http from 'node:http';
import https from 'node:https';
import { counter } from '../base/metrics';
import { sleep } from '../base/sleep';
import { inSpan, traceHeaders } from '../base/tracing';
import { ApiError, ConnectionError } from './api-error';
import type { Connection } from './connection';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the server's base URL, beginning with a slash. */
  readonly path: string;
  /** @default application/json */
  readonly accept?: string;
  /** @default application/json */
  readonly contentType?: string;
  /** Text of the body. */
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence of the server, in milliseconds. @default 30000 */
  readonly idleTimeoutMs?: number;
  /** Whether the response is read in bursts; between them it is to stay in the kernel. @default false */
  readonly bursts?: boolean;
  /** Called just before the request is sent, each time that it is; throws to prevent it. */
  readonly guard?: (() => void) | undefined;
}

const connectTimeoutMs = 10_000;
const defaultIdleTimeoutMs = 30_000;
const maxTries = 5;
const maxRetryAfterMs = 30_000;

const requests = counter('kube_requests_total', 'Requests that the API server answered', [
  'method',
  'resource',
  'status',
]);

/**
 * Sends a request and resolves with its response once the head has arrived with a 2xx status.
 *
 * A 401 is tried once more with fresh credentials; a refusal that carries `Retry-After` (429, 5xx) is tried up to five times.
 * @throws ApiError when the server refuses
 * @throws ConnectionError when no answer comes
 */
export function send(connection: Connection, request: HttpRequest): Promise<http.IncomingMessage> {
  const attributes = {
    'http.request.method': request.method,
    'server.address': connection.server.hostname,
    'url.path': request.path.replace(/\?.*/, ''),
  };
  return inSpan(request.method, { attributes, client: true, nested: true }, () =>
    sendUntilAnswered(connection, request),
  );
}

async function sendUntilAnswered(
  connection: Connection,
  request: HttpRequest,
): Promise<http.IncomingMessage> {
  let fresh = false;
  for (let attempt = 1; ; attempt++) {
    const response = await exchange(connection, request, fresh);
    const status = response.statusCode ?? 0;
    requests.inc({ method: request.method, resource: resourceOf(request.path), status: String(status) });
    if (status >= 200 && status < 300) return response;
    const error = ApiError.parse(status, await text(response), response.headers['retry-after']);
    if (status === 401 && !fresh) {
      fresh = true;
      continue;
    }
    const mayRetry = status === 429 || status >= 500;
    if (!mayRetry || error.retryAfterMs === undefined || attempt >= maxTries) throw error;
    await sleep(Math.min(error.retryAfterMs, maxRetryAfterMs), request.signal);
  }
}

/** `leases` of `/apis/coordination.k8s.io/v1/namespaces/default/leases/one`; empty where a path is about no resource. */
function resourceOf(path: string): string {
  return /^\/apis?(?:\/[^/]+)?\/v[^/]+(?:\/namespaces\/[^/]+(?=\/))?\/([^/?]+)/.exec(path)?.[1] ?? '';
}

/** Reads a body to its end as UTF-8. */
export async function text(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function exchange(
  connection: Connection,
  request: HttpRequest,
  fresh: boolean,
): Promise<http.IncomingMessage> {
  request.signal?.throwIfAborted();
  const { agent, burstAgent = agent, headers } = await connection.credentials(fresh);
  const sockets = request.bursts === true ? burstAgent : agent;
  request.signal?.throwIfAborted();
  request.guard?.();
  try {
    return await roundTrip(connection.server, sockets, headers, request);
  } catch (error) {
    // The server closed a kept connection just as it was used again: nothing was answered, and reading twice is harmless.
    if (request.method === 'GET' && error instanceof StaleSocket) {
      return roundTrip(connection.server, sockets, headers, request);
    }
    throw error;
  }
}

class StaleSocket extends ConnectionError {}

function roundTrip(
  server: URL,
  agent: http.Agent,
  headers: Readonly<Record<string, string>>,
  request: HttpRequest,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { signal, body } = request;
    const secure = server.protocol === 'https:';
    const idleTimeoutMs = request.idleTimeoutMs ?? defaultIdleTimeoutMs;
    const outgoing = (secure ? https : http).request(server, {
      method: request.method,
      path: server.pathname.replace(/\/$/, '') + request.path,
      agent,
      headers: {
        'User-Agent': 'kasmcloud',
        Accept: request.accept ?? 'application/json',
        ...(body === undefined
          ? {}
          : {
              'Content-Type': request.contentType ?? 'application/json',
              'Content-Length': Buffer.byteLength(body),
            }),
        ...traceHeaders(),
        ...headers,
      },
    });

    let response: http.IncomingMessage | undefined;
    // Once the head has arrived only the response can carry the cause to whoever reads it.
    const cut = (error: Error): void => void (response ?? outgoing).destroy(error);
    const onAbort = (): void => cut(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    const connecting = setTimeout(
      () => cut(unreachable(server, `no connection within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    const settle = (): void => {
      clearTimeout(connecting);
      signal?.removeEventListener('abort', onAbort);
    };

    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) clearTimeout(connecting);
      else socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
    });
    outgoing.setTimeout(idleTimeoutMs, () =>
      cut(unreachable(server, `no byte for ${idleTimeoutMs / 1000} s`)),
    );
    outgoing.once('response', (incoming) => {
      response = incoming;
      clearTimeout(connecting);
      incoming.once('close', settle);
      resolve(incoming);
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      if (signal?.aborted || error instanceof ConnectionError) reject(error);
      else if (outgoing.reusedSocket && error.code === 'ECONNRESET') {
        reject(new StaleSocket(describe(server, error.message), remedy, { cause: error }));
      } else reject(unreachable(server, error.message, error));
    });
    outgoing.end(body);
  });
}

const remedy = 'Check that it runs and that the kubeconfig names its address';

function describe(server: URL, what: string): string {
  return `Cannot reach the API server at ${server.origin}: ${what}`;
}

function unreachable(server: URL, what: string, cause?: Error): ConnectionError {
  return new ConnectionError(describe(server, what), remedy, cause && { cause });
}
