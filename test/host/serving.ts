import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { ActorHost } from '../../lib/host/actor-host';
import type { ActorRuntime, ActorSpec } from '../../lib/host/actor-runtime';
import { HttpServerProvider } from '../../lib/host/providers/http-server';
import { component } from './components';

/** A log line that an actor or the host wrote. */
export type Line = Record<string, unknown>;

/** One actor behind the built-in HTTP server. */
export class Serving {
  private constructor(
    readonly actor: ActorRuntime,
    readonly url: string,
    readonly lines: readonly Line[],
    private readonly stopAll: () => Promise<void>,
  ) {}

  static async start(source: string, spec: Partial<ActorSpec> = {}): Promise<Serving> {
    const lines: Line[] = [];
    const log = pino({ level: 'trace' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
    const host = new ActorHost({ workerScript: process.env['KASMCLOUD_TEST_WORKER'] ?? '', log });
    const built = await component(source);
    const actor = await host
      .start({ id: 'fixture', lattice: 'test', instances: 8, config: {}, ...built, ...spec })
      .catch((error: unknown) => {
        host.stop();
        throw error;
      });
    const server = new HttpServerProvider({ handler: () => actor, log });
    await server.setLinks([
      { name: 'test/link', target: 'fixture', sourceConfig: { address: '127.0.0.1:0' } },
    ]);
    return new Serving(actor, server.endpoints()[0] ?? '', lines, async () => {
      await server.stop(0);
      await actor.stop(0);
      host.stop();
    });
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    return (await this.get(path, init)).text();
  }

  stop(): Promise<void> {
    return this.stopAll();
  }
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
