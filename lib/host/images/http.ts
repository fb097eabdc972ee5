import * as http from 'node:http';
import * as https from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import { KasmError } from '../../base/errors';

/** Longest silence on a connection before the request fails. */
const IDLE_MS = 30_000;
const MAX_REDIRECTS = 5;

export interface HttpRequest {
  /** @default 'GET' */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** HTTP for registries: private certificate authorities, redirects that do not leak credentials, no silence longer than 30 s. */
export class HttpClient {
  private readonly plain = new http.Agent({ keepAlive: true });
  private readonly secure: https.Agent;

  /** `ca`: PEM certificates that are trusted beside the public ones. */
  constructor(ca?: string) {
    this.secure = new https.Agent({
      keepAlive: true,
      // One context for all connections: parsing the public roots costs milliseconds each time.
      ...(ca === undefined ? {} : { secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) }),
    });
  }

  /**
   * Sends a request and resolves with the response, whatever its status, as soon as its headers are there. The caller reads or destroys it.
   * Redirects are followed, credentials are sent only to the origin they were meant for.
   */
  async send(url: URL, request: HttpRequest = {}): Promise<http.IncomingMessage> {
    let target = url;
    let headers = request.headers ?? {};
    for (let redirects = 0; ; redirects++) {
      const response = await this.once(target, { ...request, headers });
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined)
        return response;
      response.destroy();
      if (redirects === MAX_REDIRECTS) throw new KasmError(`${url.origin} redirects more than 5 times`);
      const next = new URL(location, target);
      if (target.protocol === 'https:' && next.protocol !== 'https:')
        throw new KasmError(`${target.origin} redirects to ${next.origin}, which is not encrypted`);
      if (next.origin !== target.origin) headers = withoutAuthorization(headers);
      target = next;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private once(url: URL, request: HttpRequest): Promise<http.IncomingMessage> {
    const secure = url.protocol === 'https:';
    const options = {
      method: request.method ?? 'GET',
      headers: { 'user-agent': 'kasmcloud', ...request.headers },
      agent: secure ? this.secure : this.plain,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    return new Promise((resolve, reject) => {
      const sent = secure ? https.request(url, options, resolve) : http.request(url, options, resolve);
      sent.setTimeout(IDLE_MS, () => sent.destroy(new KasmError(`${url.host} was silent for 30 s`)));
      sent.on('error', reject);
      sent.end(request.body);
    });
  }
}

/** Reads a whole body of at most `limit` bytes. */
export async function readBody(response: http.IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new KasmError(`The answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
}
