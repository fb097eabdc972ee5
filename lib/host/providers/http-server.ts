import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { messageOf } from '../../base/errors';
import { log, type Logger } from '../../base/log';
import { CallError } from '../call-error';
import { refuse, refuseCall } from '../http/refusal';
import { HttpAddress, type DirectServer } from './http-address';
import { admit } from './http-policy';
import type { Certificate } from './http-settings';
import {
  planRoutes,
  type Address,
  type HttpServerConfig,
  type HttpServerLink,
  type Routes,
} from './http-routes';

export type { HttpServerConfig, HttpServerLink } from './http-routes';

/** Whoever answers requests for a component: an actor of this host, or a way to one elsewhere. */
export interface HttpHandler extends Partial<DirectServer> {
  /** Answers, or rejects with CallError when there is no answer. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface HttpServerDependencies {
  /** Who answers for a component id now; while nobody serves it, requests may wait for so long. */
  readonly handler: (target: string, waitMs: number) => HttpHandler | undefined;
  readonly config?: HttpServerConfig;
  readonly log?: Logger;
}

/** How long connections of an address that is no longer linked may go on. */
const unlinkGraceMs = 30_000;

/** The built-in HTTP server provider: listens where its links say, and hands each request to the linked component. */
export class HttpServerProvider {
  private routes: ReadonlyMap<string, Routes> = new Map();
  private readonly addresses = new Map<string, HttpAddress>();
  private readonly log: Logger;
  /** Changes are applied one after another. */
  private applied: Promise<unknown> = Promise.resolve();

  constructor(private readonly dependencies: HttpServerDependencies) {
    this.log = dependencies.log ?? log;
  }

  /**
   * Makes the server serve exactly these links. New addresses are listened on before old ones are closed; requests under way are not
   * touched. What can be done is done, whatever is wrong with the rest.
   * @throws TerminalError with the first thing that could not be done: `InvalidLinkConfig`, `RouteConflict`, `AddressInUse`,
   * `AddressNotAvailable`. Calling again with the same links tries again.
   */
  setLinks(links: readonly HttpServerLink[]): Promise<void> {
    const result = this.applied.then(() => this.apply(links));
    this.applied = result.catch(() => undefined);
    return result;
  }

  /** URLs that are served now. */
  endpoints(): string[] {
    return [...this.addresses.values()].map(({ endpoint }) => endpoint);
  }

  /** Stops listening, lets requests end for as long as `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.applied;
    const addresses = [...this.addresses.values()];
    this.addresses.clear();
    await Promise.all(addresses.map((address) => address.close(graceMs)));
  }

  private async apply(links: readonly HttpServerLink[]): Promise<void> {
    const { routes, problems } = planRoutes(links, this.dependencies.config ?? {});
    const failures: unknown[] = [...problems];
    this.routes = routes;
    for (const [name, { address, certificate, sole }] of routes) {
      try {
        const opened = await this.open(name, address, certificate);
        const handler = sole === undefined ? undefined : this.dependencies.handler(sole, 0);
        opened.serveBy(isDirect(handler) ? handler : undefined);
      } catch (error) {
        failures.push(error);
      }
    }
    for (const [name, address] of this.addresses) {
      if (routes.has(name)) continue;
      this.addresses.delete(name);
      void address.close(unlinkGraceMs);
    }
    if (failures.length > 0) throw failures[0];
  }

  private async open(name: string, address: Address, certificate?: Certificate): Promise<HttpAddress> {
    const known = this.addresses.get(name);
    if (known?.certify(certificate) === true) return known;
    // What spoke without TLS now speaks with it, or the other way: to others the address is a new one.
    this.addresses.delete(name);
    await known?.close(unlinkGraceMs);
    const handle: RequestListener = (request, response) => void this.serve(name, request, response);
    const opened = await HttpAddress.open(address, handle, certificate);
    this.addresses.set(name, opened);
    this.log.info({ endpoint: opened.endpoint }, 'Listening for HTTP');
    return opened;
  }

  private async serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = this.routes.get(name)?.find(request);
    if (route === undefined) return refuse(response, 404, 'No component is linked to this address and path');
    const { target, settings, waitMs } = route;
    if (!admit(settings, request, response)) return;
    const handler = this.dependencies.handler(target, waitMs);
    if (handler === undefined) return refuse(response, 503, 'The linked component is not running');
    try {
      await handler.handleHttp(request, response);
    } catch (error) {
      const reason = error instanceof CallError ? error.reason : undefined;
      this.log.warn({ target, reason, error: messageOf(error) }, 'Component did not answer');
      refuseCall(response, reason);
    }
  }
}

function isDirect(handler: HttpHandler | undefined): handler is HttpHandler & DirectServer {
  return handler?.serveDirectly !== undefined;
}
