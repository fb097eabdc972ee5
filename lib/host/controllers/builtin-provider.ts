import { HttpServerProvider, type HttpServerConfig } from '../providers/http-server';
import type { Values } from './config';
import type { RunningActor } from './local-actors';

/** A link of which the provider is the source. */
export interface ProviderLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  /** Component id that it calls. */
  readonly target: string;
  readonly sourceConfig: Values;
}

/** A provider that is part of the host, while it runs. */
export interface BuiltinProvider {
  /** Makes it serve exactly these links with this configuration; what can be done is done. Rejects with the first thing that cannot. */
  update(config: Values, links: readonly ProviderLink[]): Promise<void>;
  /** URLs at which it takes traffic now. */
  endpoints(): readonly string[];
  /** Takes no more traffic, lets what is under way end for at most so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** Makes a provider; `actorOf` tells who serves a component id of the provider's lattice on this host now. */
export type StartBuiltin = (actorOf: (componentId: string) => RunningActor | undefined) => BuiltinProvider;

/** What `builtin://NAME` can name. */
export const builtinProviders: Readonly<Record<string, StartBuiltin>> = {
  'http-server': (actorOf) => {
    let current: HttpServerConfig = {};
    const server = new HttpServerProvider({
      handler: actorOf,
      // Read by the server at each change of its links.
      get config() {
        return current;
      },
    });
    return {
      update: (config, links) => {
        current = config;
        return server.setLinks(links);
      },
      endpoints: () => server.endpoints(),
      stop: (graceMs) => server.stop(graceMs),
    };
  },
};
