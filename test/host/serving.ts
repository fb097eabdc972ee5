import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { ActorHost, type ActorHostOptions } from '../../lib/host/actor-host';
import type { ActorRuntime, ActorSpec } from '../../lib/host/actor-runtime';
import { HttpServerProvider, type HttpHandler } from '../../lib/host/providers/http-server';
import type { WasmCloudLink } from '../../lib/api';
import type { Logger } from '../../lib/base/log';
import { registry } from '../../lib/base/metrics';
import { OfferedService } from '../../lib/host/calls/local-services';
import { CallRouter } from '../../lib/host/calls/router';
import { UnservedCalls } from '../../lib/host/calls/unserved-calls';
import { OutgoingHttp } from '../../lib/host/providers/outgoing-http';
import { component } from './components';

/** A log line that an actor or the host wrote. */
export type Line = Record<string, unknown>;

/** One actor behind the built-in HTTP server. */
export class Serving {
  private readonly links = [
    { name: 'test/link', target: 'fixture', sourceConfig: { address: '127.0.0.1:0' } },
  ];

  private constructor(
    public actor: ActorRuntime,
    readonly lines: readonly Line[],
    private readonly host: ActorHost,
    private readonly server: HttpServerProvider,
    private readonly startActor: () => Promise<ActorRuntime>,
  ) {}

  /**
   * @param direct Whether the actor's own workers accept the connections, or the main thread does.
   * @param egress Configuration of its link to the built-in HTTP client; without it there is no link.
   */
  static async start(
    source: string,
    spec: Partial<ActorSpec> = {},
    direct = true,
    egress?: Readonly<Record<string, string>>,
    options: Pick<ActorHostOptions, 'idleMs'> = {},
  ): Promise<Serving> {
    const lines: Line[] = [];
    const log = pino({ level: 'trace' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
    const router = routerTo(egress, log);
    const host = new ActorHost({
      workerScript: process.env['KASMCLOUD_TEST_WORKER'] ?? '',
      log,
      ...options,
      followLink: (source) => (call) => router.call({ ...call, namespace: 'test', source }),
    });
    const built = await component(source);
    const startActor = (): Promise<ActorRuntime> =>
      host.start({ id: 'fixture', lattice: 'test', instances: 8, config: {}, ...built, ...spec });
    const actor = await startActor().catch((error: unknown) => {
      host.stop();
      throw error;
    });
    const byMessage: HttpHandler = {
      handleHttp: (request, response) => serving.actor.handleHttp(request, response),
    };
    const server: HttpServerProvider = new HttpServerProvider({
      handler: () => (direct ? serving.actor : byMessage),
      log,
    });
    const serving: Serving = new Serving(actor, lines, host, server, startActor);
    await server.setLinks(serving.links);
    return serving;
  }

  get url(): string {
    return this.server.endpoints()[0] ?? '';
  }

  /** Puts another actor of the same component in the actor's place, as a new image does. */
  async replace(): Promise<void> {
    const old = this.actor;
    this.actor = await this.startActor();
    await this.server.setLinks(this.links);
    await old.stop(5000);
  }

  async stop(): Promise<void> {
    await this.server.stop(0);
    await this.actor.stop(0);
    this.host.stop();
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    return (await this.get(path, init)).text();
  }
}

/** A figure of the one actor that serves, as a scrape of the host tells it. */
export function scraped(name: string): Promise<number | undefined> {
  return valueOf(name, 'actor', 'fixture');
}

/** The same of what is called. */
export function figure(name: string, component: string): Promise<number | undefined> {
  return valueOf(name, 'component', component);
}

async function valueOf(name: string, label: string, is: string): Promise<number | undefined> {
  const { values } = (await registry.getSingleMetric(`kasmcloud_${name}`)?.get()) ?? { values: [] };
  return values.find(({ labels }) => labels[label] === is)?.value;
}

/** Links every component to the built-in HTTP client, or none. */
function routerTo(egress: Readonly<Record<string, string>> | undefined, log: Logger): CallRouter {
  const link = (source: string): WasmCloudLink => ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudLink',
    metadata: { name: 'egress', namespace: 'test' },
    spec: {
      source,
      target: 'client',
      wit: { namespace: 'wasi', package: 'http', interfaces: ['outgoing-handler'] },
    },
  });
  const offered = new OfferedService(new OutgoingHttp(log).service);
  const config = { sourceConfig: {}, targetConfig: egress ?? {} };
  offered.setLinks([{ link: link(''), config }]);
  return new CallRouter({
    links: (_, source) => (egress === undefined ? [] : [link(source)]),
    lattice: () => 'test',
    actor: () => undefined,
    service: () => offered,
    nats: () => undefined,
    unserved: new UnservedCalls({ host: 'test', linked: () => [] }),
  });
}

/** A server for guests to call, with the given answer. */
export async function upstream(
  answer: http.RequestListener,
): Promise<{ authority: string; stop: () => void }> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
