import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** Stands before a registry and does what networks do. */
export interface Proxy {
  readonly host: string;
  /** `METHOD path` of each request, with ` range` behind it where one was asked for. */
  readonly requests: string[];
  /** How many connections there are. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

/** What to do with an answer of the registry: pass it on, cut it after so many bytes, answer with a status instead, or send a byte now and then. */
export type Fault = { readonly cutAfter: number } | { readonly status: number } | 'drip' | undefined;

export async function startProxy(target: string, fault: (request: IncomingMessage) => Fault): Promise<Proxy> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const range = request.headers.range;
    requests.push(`${request.method} ${request.url}${range === undefined ? '' : ` ${range}`}`);
    const plan = fault(request);
    if (plan === 'drip') {
      response.writeHead(200);
      const drops = setInterval(() => response.write(' '), 100);
      response.on('close', () => clearInterval(drops));
      return;
    }
    if (plan !== undefined && 'status' in plan) {
      response.writeHead(plan.status).end();
      return;
    }
    const upstream = send(
      `http://${target}${request.url}`,
      { method: request.method, headers: { ...request.headers, host: target } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        let left = plan?.cutAfter ?? Infinity;
        answer.on('data', (chunk: Buffer) => {
          response.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) answer.destroy();
        });
        answer.on('close', () => (left <= 0 ? setTimeout(() => response.destroy(), 50) : response.end()));
      },
    );
    request.pipe(upstream);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => promisify(server.getConnections.bind(server))(),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
