import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../../lib/kube';
import type { KubeObject, ResourceType } from '../../../lib/api/resource';

export interface Widget extends KubeObject {
  spec?: { color?: string };
}

export const Widgets: ResourceType<Widget> = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
};

export function widget(name: string, resourceVersion = '1', color = 'red'): Widget {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'ns', resourceVersion },
    spec: { color },
  };
}

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that answers as a test says, and a connection to it. */
export class FakeApi {
  readonly requests: FakeRequest[] = [];
  readonly freshReads: boolean[] = [];
  private readonly agent = new http.Agent({ keepAlive: true });
  private readonly server: http.Server;
  connection!: Connection;

  private constructor(handle: (request: FakeRequest, response: http.ServerResponse) => void) {
    this.server = http.createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const request = {
          method: incoming.method ?? '',
          url: new URL(incoming.url ?? '', 'http://fake'),
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        };
        this.requests.push(request);
        handle(request, response);
      });
    });
  }

  static async start(
    handle: (request: FakeRequest, response: http.ServerResponse) => void,
  ): Promise<FakeApi> {
    const api = new FakeApi(handle);
    await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
    const { port } = api.server.address() as AddressInfo;
    api.connection = {
      server: new URL(`http://127.0.0.1:${port}`),
      namespace: 'default',
      credentials: async (fresh = false) => {
        api.freshReads.push(fresh);
        return { agent: api.agent, headers: { Authorization: fresh ? 'Bearer new' : 'Bearer old' } };
      },
      close: () => api.agent.destroy(),
    };
    return api;
  }

  /** Breaks every connection, as a crash would. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function sendJson(response: http.ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function sendStatus(response: http.ServerResponse, code: number, reason: string, headers = {}): void {
  sendJson(
    response,
    code,
    { kind: 'Status', status: 'Failure', code, reason, message: `${reason}!` },
    headers,
  );
}

export function list(items: unknown[], resourceVersion = '10', token?: string): unknown {
  return { kind: 'WidgetList', metadata: { resourceVersion, ...(token && { continue: token }) }, items };
}

/** A server with a settable set of widgets, whose watches the test feeds by hand. */
export class WidgetServer {
  items: Widget[] = [];
  resourceVersion = '10';
  readonly watches: { url: URL; response: http.ServerResponse }[] = [];
  lists = 0;
  onWatch?: (response: http.ServerResponse) => void;

  handle = ({ url }: FakeRequest, response: http.ServerResponse): void => {
    if (url.searchParams.get('watch') !== 'true') {
      this.lists++;
      return sendJson(response, 200, list(this.items, this.resourceVersion));
    }
    this.watches.push({ url, response });
    if (this.onWatch !== undefined) return this.onWatch(response);
    response.writeHead(200).flushHeaders();
  };

  send(type: string, object: unknown): void {
    this.watches.at(-1)!.response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what = 'condition', timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
