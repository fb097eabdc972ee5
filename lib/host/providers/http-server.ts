import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../base/errors';
import { log, type Logger } from '../../base/log';
import { CallError, type CallErrorReason } from '../call-error';
import { HttpListener } from './http-listener';
import { planRoutes, type HttpServerConfig, type HttpServerLink, type Routes } from './http-routes';

export type { HttpServerConfig, HttpServerLink } from './http-routes';

/** Whoever answers requests for a component: an actor of this host, or a way to one elsewhere. */
export interface HttpHandler {
  /** Answers, or rejects with CallError when there is no answer. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface HttpServerDependencies {
  /** Who answers for a component id now. */
  readonly handler: (target: string) => HttpHandler | undefined;
  readonly config?: HttpServerConfig;
  readonly log?: Logger;
}

/** How long connections of an address that is no longer linked may go on. */
const unlinkGraceMs = 30_000;

const statuses: Readonly<Record<CallErrorReason, number>> = {
  Trapped: 500,
  NoResponse: 500,
  DeadlineExceeded: 504,
  Overloaded: 503,
  NotServing: 503,
  WorkerLost: 503,
};

/** The built-in HTTP server provider: listens where its links say, and hands each request to the linked component. */
export class HttpServerProvider {
  private routes: ReadonlyMap<string, Routes> = new Map();
  private readonly listeners = new Map<string, HttpListener>();
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
    return [...this.listeners.values()].map(({ endpoint }) => endpoint);
  }

  /** Stops listening, lets requests end for as long as `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.applied;
    const listeners = [...this.listeners.values()];
    this.listeners.clear();
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
  }

  private async apply(links: readonly HttpServerLink[]): Promise<void> {
    const { routes, problems } = planRoutes(links, this.dependencies.config ?? {});
    const failures: unknown[] = [...problems];
    this.routes = routes;
    for (const [name, { address }] of routes) {
      if (this.listeners.has(name)) continue;
      try {
        const listener = await HttpListener.listen(address, (request, response) => {
          void this.serve(name, request, response);
        });
        this.listeners.set(name, listener);
        this.log.info({ endpoint: listener.endpoint }, 'Listening for HTTP');
      } catch (error) {
        failures.push(error);
      }
    }
    for (const [name, listener] of this.listeners) {
      if (routes.has(name)) continue;
      this.listeners.delete(name);
      void listener.close(unlinkGraceMs);
    }
    if (failures.length > 0) throw failures[0];
  }

  private async serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = this.routes.get(name)?.find(request);
    if (target === undefined) return refuse(response, 404, 'No component is linked to this address and path');
    const handler = this.dependencies.handler(target);
    if (handler === undefined) return refuse(response, 503, 'The linked component is not running');
    try {
      await handler.handleHttp(request, response);
    } catch (error) {
      const reason = error instanceof CallError ? error.reason : undefined;
      this.log.warn({ target, reason, error: messageOf(error) }, 'Component did not answer');
      const status = reason === undefined ? 500 : statuses[reason];
      refuse(response, status, `The component did not answer: ${reason ?? 'internal error'}`);
    }
  }
}

/** An answer of the server's own; clients learn what happened, the log has the details. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  });
  response.end(`${message}\n`);
}
