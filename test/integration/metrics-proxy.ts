import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../../lib/kube';

const group = 'custom.metrics.k8s.io';
const version = `${group}/v1beta2`;

/** What a metric of one object is now. */
export type MetricValue = (object: { namespace: string; name: string; metric: string }) => Promise<number>;

/**
 * The API server with the API of custom metrics beside its own, as prometheus-adapter adds it: autoscalers discover it and ask it for
 * metrics of distributions.
 */
export class MetricsProxy {
  private readonly server: http.Server;

  constructor(
    private readonly upstream: Connection,
    private readonly value: MetricValue,
  ) {
    this.server = http.createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** URL at which it listens. */
  async start(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://proxy');
    if (pathname === '/apis') return this.groups(request, response);
    if (pathname === `/apis/${version}`) return send(response, resources);
    const [, namespace, name, metric] =
      /^\/apis\/.*\/namespaces\/(.*)\/wasmclouddistributions\.kasmcloud\.io\/(.*)\/(.*)$/.exec(pathname) ??
      [];
    if (!pathname.startsWith(`/apis/${version}/`)) return this.pass(request, response);
    if (namespace === undefined || name === undefined || metric === undefined) {
      response.statusCode = 404;
      return send(response, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'NotFound',
        code: 404,
      });
    }
    const value = await this.value({ namespace, name, metric });
    const describedObject = {
      kind: 'WasmCloudDistribution',
      namespace,
      name,
      apiVersion: 'kasmcloud.io/v1alpha1',
    };
    const item = {
      describedObject,
      metric: { name: metric },
      timestamp: new Date().toISOString(),
      value: `${value}`,
    };
    send(response, { kind: 'MetricValueList', apiVersion: version, metadata: {}, items: [item] });
  }

  private async groups(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    // In the form of old, which clients take from servers that have no other.
    const answer = await this.forward(request, { accept: 'application/json' });
    const text: Buffer[] = [];
    for await (const chunk of answer) text.push(chunk as Buffer);
    const list = JSON.parse(Buffer.concat(text).toString()) as { groups: object[] };
    const served = { groupVersion: version, version: 'v1beta2' };
    list.groups.push({ name: group, versions: [served], preferredVersion: served });
    send(response, list);
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const answer = await this.forward(request, request.headers);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    // A watch ends with its client.
    response.on('close', () => answer.destroy());
  }

  private async forward(
    request: http.IncomingMessage,
    given: http.IncomingHttpHeaders,
  ): Promise<http.IncomingMessage> {
    const { agent, headers } = await this.upstream.credentials();
    const options = {
      method: request.method,
      agent,
      headers: { ...given, ...headers, host: this.upstream.server.host },
    };
    const upstream = https.request(new URL(request.url ?? '/', this.upstream.server), options);
    request.pipe(upstream);
    const [answer] = (await once(upstream, 'response')) as [http.IncomingMessage];
    return answer;
  }
}

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: version,
  resources: [
    {
      name: 'wasmclouddistributions.kasmcloud.io/kasmcloud_calls',
      singularName: '',
      namespaced: true,
      kind: 'MetricValueList',
      verbs: ['get'],
    },
  ],
};

function send(response: http.ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
