import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { KasmError, messageOf } from '../base/errors';
import { log } from '../base/log';
import { collectProcessMetrics, registry } from '../base/metrics';

/** What tells whether a role of this process does its work. */
export interface RoleHealth {
  ready(): boolean;
}

/** Serves `/healthz` (the process answers), `/readyz` (each role works) and `/metrics` to probes and Prometheus. */
export class AdminServer {
  private constructor(private readonly server: Server) {}

  /**
   * @param address `host:port`
   * @param roles Health of each role, by its name; roles may join later.
   * @throws KasmError when the address cannot be listened on
   */
  static async start(address: string, roles: ReadonlyMap<string, RoleHealth>): Promise<AdminServer> {
    const [, host, port] = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(address) ?? [];
    if (host === undefined || Number(port) > 65_535)
      throw new KasmError(
        `--admin-address ${JSON.stringify(address)} is no address`,
        'Write host:port, e.g. 127.0.0.1:9090',
      );
    collectProcessMetrics();
    const server = createServer((request, response) => {
      void answer(request.url ?? '/', roles).then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type }).end(body);
      });
    });
    server.listen(Number(port), host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new KasmError(
        `--admin-address ${address} cannot be listened on: ${messageOf(error)}`,
        'Choose another',
        {
          cause: error,
        },
      );
    }
    log.info({ address: server.address() }, 'Serving health and metrics');
    return new AdminServer(server);
  }

  /** `http://host:port` */
  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('Not listening');
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(url: string, roles: ReadonlyMap<string, RoleHealth>): Promise<Answer> {
  switch (url.split('?')[0]) {
    case '/healthz':
    case '/livez':
      return json(200, { status: 'ok' });
    case '/readyz': {
      const ready = Object.fromEntries([...roles].map(([name, role]) => [name, role.ready()]));
      const all = roles.size > 0 && Object.values(ready).every(Boolean);
      return json(all ? 200 : 503, { status: all ? 'ok' : 'not ready', roles: ready });
    }
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return json(404, { status: 'not found', paths: ['/healthz', '/readyz', '/metrics'] });
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
