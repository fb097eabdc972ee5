import { TerminalError } from '../../base/errors';
import { log } from '../../base/log';
import { interfaces, type LatticeConnection, type WitInterface } from '../../lattice';
import { blobService } from '../providers/blob-service';
import { FileBlobStore, rootOf } from '../providers/blobstore-fs';
import { type NatsBlobSettings, natsBlobSettings, NatsBlobStore } from '../providers/blobstore-nats';
import { HttpServerProvider, type HttpHandler, type HttpServerConfig } from '../providers/http-server';
import { bucketOf, bucketSettings, keyvalueNats } from '../providers/keyvalue-nats';
import { KeyvalueWatch } from '../providers/keyvalue-watch';
import { KeyvalueRedis } from '../providers/keyvalue-redis';
import type { RedisTarget } from '../providers/redis-connection';
import { MessagingNats, messagingSettings } from '../providers/messaging-nats';
import { OutgoingHttp } from '../providers/outgoing-http';
import { RedisWatch } from '../providers/redis-watch';
import type { InterfaceService } from '../providers/typed-service';
import type { Values } from './config';

/** A link of which the provider is the source. */
export interface ProviderLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  /** `spec.name` of it, by which calls follow it. */
  readonly linkName: string;
  /** Component id that it calls. */
  readonly target: string;
  readonly sourceConfig: Values;
  /** How long what arrives for the target waits while nobody serves it, in milliseconds. */
  readonly waitMs: number;
}

/** A link of which the provider is the target. */
export interface TargetLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  readonly targetConfig: Values;
}

/** A provider that is part of the host, while it runs. */
export interface BuiltinProvider {
  /** What components call; absent where it only calls them. */
  readonly service?: InterfaceService;
  /**
   * Makes it serve exactly these links with this configuration; what can be done is done. Rejects with the first thing that cannot.
   * @param targets Links to it: what components call over them comes with each call, so they are here to be judged.
   */
  update(config: Values, links: readonly ProviderLink[], targets: readonly TargetLink[]): Promise<void>;
  /** URLs at which it takes traffic now. */
  endpoints(): readonly string[];
  /** Takes no more traffic, lets what is under way end for at most so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** What the host does for a provider that is part of it. */
export interface BuiltinHost {
  /** Directory of this host for blobs of the provider's namespace; it need not be there yet. */
  readonly blobDir: string;
  /**
   * Who answers HTTP for a component id of the provider's lattice now: an actor of this host, or a way to one elsewhere, for which
   * requests wait for so long while there is none.
   */
  readonly httpHandler: (componentId: string, waitMs: number) => HttpHandler | undefined;
  /** The host's connection to NATS, once there has been one. */
  readonly nats: () => LatticeConnection | undefined;
  /** Calls a function of the component that a link leads to, wherever that runs. */
  readonly call: (
    link: ProviderLink,
    called: WitInterface,
    func: string,
    args: readonly unknown[],
  ) => Promise<unknown>;
}

/** Makes a provider. */
export type StartBuiltin = (host: BuiltinHost) => BuiltinProvider;

/** How a store tells the components that it is linked to of its keys. */
function watcherOf(call: BuiltinHost['call']) {
  return async (link: ProviderLink, func: string, args: readonly unknown[]): Promise<void> => {
    await call(link, interfaces.keyvalue.watcher, func, args);
  };
}

/** What `builtin://NAME` can name. */
export const builtinProviders: Readonly<Record<string, StartBuiltin>> = {
  'http-server': ({ httpHandler }) => {
    let current: HttpServerConfig = {};
    const server = new HttpServerProvider({
      handler: httpHandler,
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
  'http-client': () => {
    const client = new OutgoingHttp(log);
    return {
      service: client.service,
      update: async (config, _, targets) => {
        client.configure(config);
        judge(targets, (settings) => client.judge(settings));
      },
      endpoints: () => [],
      stop: async () => undefined,
    };
  },
  'blobstore-nats': ({ nats }) => {
    let current: Values = {};
    const settingsOf = (link: Values): NatsBlobSettings => natsBlobSettings({ ...current, ...link });
    return {
      service: blobService(({ targetConfig }) => new NatsBlobStore(nats, settingsOf(targetConfig))),
      update: async (config, _, targets) => {
        natsBlobSettings(config);
        current = config;
        judge(targets, settingsOf);
      },
      endpoints: () => [],
      stop: async () => undefined,
    };
  },
  'blobstore-fs': ({ blobDir }) => {
    let current: Values = {};
    const rootFor = (link: Values): string => rootOf({ ...current, ...link }, blobDir);
    return {
      service: blobService(({ targetConfig }) => new FileBlobStore(rootFor(targetConfig))),
      update: async (config, _, targets) => {
        rootOf(config, blobDir);
        current = config;
        judge(targets, rootFor);
      },
      endpoints: () => [],
      stop: async () => undefined,
    };
  },
  'keyvalue-nats': ({ nats, call }) => {
    let current: Values = {};
    const config = (): Values => current;
    const watch = new KeyvalueWatch<ProviderLink>({
      connection: nats,
      config,
      deliver: watcherOf(call),
      log,
    });
    return {
      service: keyvalueNats({ connection: nats, config }),
      update: async (config, links, targets) => {
        bucketSettings(config);
        current = config;
        await watch.setLinks(links);
        judge(targets, (settings) => bucketOf({ ...current, ...settings }));
      },
      endpoints: () => [],
      stop: (graceMs) => watch.stop(graceMs),
    };
  },
  'keyvalue-redis': ({ call }) => {
    const redis = new KeyvalueRedis(log);
    let current: Values = {};
    const watch = new RedisWatch<ProviderLink>({
      config: () => current,
      deliver: watcherOf(call),
      log,
    });
    return {
      service: redis.service,
      update: async (config, links, targets) => {
        redis.configure(config);
        current = config;
        const servers: RedisTarget[] = [];
        try {
          judge(targets, (settings) => servers.push(redis.targetOf(settings)));
        } finally {
          redis.keep(servers);
          await watch.setLinks(links);
        }
      },
      endpoints: () => [],
      stop: async (graceMs) => {
        await watch.stop(graceMs);
        redis.stop();
      },
    };
  },
  'messaging-nats': ({ nats, call }) => {
    const { handler } = interfaces.messaging;
    const messaging = new MessagingNats<ProviderLink>({
      connection: nats,
      deliver: async (link, message) => {
        await call(link, handler, 'handle-message', [message]);
      },
      log,
    });
    return {
      service: messaging.service,
      update: async (config, links, targets) => {
        messagingSettings(config, []);
        await messaging.setLinks(links);
        judge(targets, (settings) => messagingSettings(settings, []));
      },
      endpoints: () => [],
      stop: (graceMs) => messaging.stop(graceMs),
    };
  },
};

/** @throws TerminalError with what is wrong with the first link that cannot be served; the others are. */
function judge(links: readonly TargetLink[], each: (settings: Values) => unknown): void {
  const failures: TerminalError[] = [];
  for (const { name, targetConfig } of links) {
    try {
      each(targetConfig);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      const { reason, message, cause } = error;
      failures.push(new TerminalError(reason, `link ${name}: targetConfig.${message}`, undefined, { cause }));
    }
  }
  if (failures[0] !== undefined) throw failures[0];
}
