import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { atomics, batch, store, type storeError } from '../../lattice/interfaces/keyvalue';
import { WitError } from '../../lattice/wrpc/errors';
import type { Js } from '../../lattice/wrpc/types';
import type { ServiceCallContext } from '../calls/local-service';
import { RedisConnection, type RedisTarget, redisTarget, serverKey } from './redis-connection';
import type { Settings } from './settings';
import { type InterfaceService, served, serviceOf } from './typed-service';

type StoreError = Js<typeof storeError>;

/**
 * The built-in key-value provider on Redis or Valkey. A link names its server as for wasmCloud's provider by `url`, in any case of letters (`redis://`, or `rediss://`
 * for TLS), and where keys of several components meet, a `prefix` for its own. Every bucket that a component opens is that server.
 */
export class KeyvalueRedis {
  readonly service: InterfaceService;
  private readonly connections = new Map<string, RedisConnection>();
  private settings: Settings = {};

  constructor(private readonly log: Logger) {
    const on = async <T>(
      context: ServiceCallContext,
      use: (redis: RedisConnection, key: (key: string) => string) => Promise<T>,
    ): Promise<T> => {
      try {
        const target = this.targetOf(context.targetConfig);
        return await use(this.connection(target), (key) => target.prefix + key);
      } catch (error) {
        throw new WitError(storeErrorOf(error));
      }
    };
    this.service = serviceOf(
      served(store, {
        get: (context, _, key) => on(context, (redis, name) => redis.get(name(key))),
        set: (context, _, key, value) => on(context, (redis, name) => redis.set([[name(key), value]])),
        delete: (context, _, key) => on(context, (redis, name) => redis.delete([name(key)])),
        exists: (context, _, key) => on(context, (redis, name) => redis.exists(name(key))),
        'list-keys': (context, _, cursor) => on(context, (redis, name) => redis.keys(name(''), cursor)),
      }),
      served(atomics, {
        increment: (context, _, key, delta) =>
          on(context, (redis, name) => redis.increment(name(key), delta)),
      }),
      served(batch, {
        'get-many': (context, _, keys) =>
          on(context, async (redis, name) => {
            const values = await redis.getMany(keys.map(name));
            return keys.map((key, index): [string, Uint8Array] | undefined => {
              const value = values[index];
              return value && [key, value];
            });
          }),
        'set-many': (context, _, entries) =>
          on(context, (redis, name) => redis.set(entries.map(([key, value]) => [name(key), value]))),
        'delete-many': (context, _, keys) => on(context, (redis, name) => redis.delete(keys.map(name))),
      }),
    );
  }

  /**
   * Takes the configuration of the provider, which that of a link overrides, and of the links to it; connections that none needs end.
   * @throws TerminalError `InvalidLinkConfig`
   */
  configure(settings: Settings): void {
    redisTarget(settings);
    this.settings = settings;
  }

  /** @throws TerminalError `InvalidLinkConfig` */
  targetOf(link: Settings): RedisTarget {
    return redisTarget({ ...this.settings, ...link });
  }

  /** Ends connections to servers that are not among these. */
  keep(targets: readonly RedisTarget[]): void {
    const wanted = new Set(targets.map(serverKey));
    for (const [key, connection] of this.connections) {
      if (wanted.has(key)) continue;
      this.connections.delete(key);
      connection.close();
    }
  }

  stop(): void {
    this.keep([]);
  }

  private connection(target: RedisTarget): RedisConnection {
    const key = serverKey(target);
    let connection = this.connections.get(key);
    if (connection === undefined) {
      connection = new RedisConnection(target, this.log);
      this.connections.set(key, connection);
    }
    return connection;
  }
}

function storeErrorOf(error: unknown): StoreError {
  const message = messageOf(error);
  return /^(NOPERM|NOAUTH|WRONGPASS)\b/.test(message)
    ? { tag: 'access-denied' }
    : { tag: 'other', val: message };
}
