import { KasmError, messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { RedisConnection, type RedisTarget, redisTarget } from './redis-connection';
import { invalid, list, lowerCased, type Settings } from './settings';
import { type RunningWatch, WatchedLinks, type WatchLink } from './watched-links';

export interface RedisWatchOptions<L extends WatchLink> {
  /** Configuration of the provider, which that of a link overrides. */
  readonly config: () => Settings;
  /** Calls the component that a link leads to; rejects when that did not handle it. */
  readonly deliver: (link: L, func: 'on-set' | 'on-delete', args: readonly unknown[]) => Promise<void>;
  readonly log: Logger;
}

type Operation = 'SET' | 'DEL';

interface WatchSettings {
  readonly target: RedisTarget;
  /** `SET@key` and `DEL@key`. */
  readonly watch: readonly string[];
}

/** What a server tells of a key, by what it means to a component. */
const operations: Readonly<Record<string, Operation>> = {
  set: 'SET',
  append: 'SET',
  incrby: 'SET',
  setrange: 'SET',
  del: 'DEL',
};

/**
 * Tells components of keys that are set and deleted on a Redis server, as wasmCloud's provider does: `watch` of a link lists them,
 * `SET@cart,DEL@cart`, and the server must tell of them (`notify-keyspace-events`). A component is told one change at a time. It gets the
 * value that a key has by then, so writes that follow each other closely may be told as one. Redis keeps nothing for who is away.
 */
export class RedisWatch<L extends WatchLink = WatchLink> {
  private readonly links: WatchedLinks<L, WatchSettings>;

  constructor(private readonly options: RedisWatchOptions<L>) {
    this.links = new WatchedLinks<L, WatchSettings>({
      settingsOf: (link) => watchSettings({ ...options.config(), ...link.sourceConfig }),
      open: (current, settings) => this.open(current, settings),
    });
  }

  /**
   * Makes it watch exactly what these links say; what can be done is done.
   * @throws TerminalError `InvalidLinkConfig`, or what the server says, with the first thing that could not be done
   */
  setLinks(links: readonly L[]): Promise<void> {
    return this.links.set(links);
  }

  /** Tells no more; a call that is under way may end for as long as `graceMs`. */
  stop(graceMs: number): Promise<void> {
    return this.links.stop(graceMs);
  }

  private async open(current: () => L, { target, watch }: WatchSettings): Promise<RunningWatch> {
    const { log } = this.options;
    const redis = new RedisConnection(target, log);
    const stop = new AbortController();
    const changes = new Changes(stop.signal);
    try {
      if ((await redis.tellsOfWrites()) === false) {
        throw new KasmError(
          'The Redis server does not tell of what is written',
          'Run CONFIG SET notify-keyspace-events K$g on it',
        );
      }
      const keys = new Set(watch.map((each) => target.prefix + each.slice(4)));
      await redis.onKeyEvents([...keys], (key, event) => {
        const change = `${operations[event]}@${key.slice(target.prefix.length)}`;
        if (watch.includes(change)) changes.add(change);
      });
    } catch (error) {
      redis.close();
      throw error;
    }
    stop.signal.addEventListener('abort', () => redis.close(), { once: true });
    return { stop, over: this.follow(current, target, redis, changes) };
  }

  private async follow(
    current: () => L,
    { prefix, database }: RedisTarget,
    redis: RedisConnection,
    changes: Changes,
  ): Promise<void> {
    const { deliver, log } = this.options;
    for (let change = await changes.next(); change !== undefined; change = await changes.next()) {
      const key = change.slice(4);
      try {
        if (change.startsWith('DEL')) await deliver(current(), 'on-delete', [database, key]);
        else {
          const value = await redis.get(prefix + key);
          if (value !== undefined) await deliver(current(), 'on-set', [database, key, value]);
        }
      } catch (error) {
        if (!changes.over)
          log.warn({ link: current().name, key, error: messageOf(error) }, 'Change of a key was not handled');
      }
    }
  }
}

/** What is to be told, each thing once: the last of several that are the same. */
class Changes {
  private readonly waiting = new Set<string>();
  private wake: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake?.(), { once: true });
  }

  get over(): boolean {
    return this.signal.aborted;
  }

  add(change: string): void {
    this.waiting.delete(change);
    this.waiting.add(change);
    this.wake?.();
  }

  /** Resolves with `undefined` at the end. */
  async next(): Promise<string | undefined> {
    while (!this.over) {
      const [change] = this.waiting;
      if (change !== undefined) {
        this.waiting.delete(change);
        return change;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return undefined;
  }
}

/** @throws TerminalError `InvalidLinkConfig` */
function watchSettings(given: Settings): WatchSettings {
  const { watch: watched = '', ...settings } = lowerCased(given);
  const target = redisTarget(settings);
  const watch = list({ watched }, 'watched').map((each) => {
    const [, operation = '', key = ''] = /^\s*(set|del)\s*@\s*(.+?)\s*$/i.exec(each) ?? [];
    if (key !== '') return `${operation.toUpperCase()}@${key}`;
    throw invalid('watch', each, 'is nothing to watch', 'List SET@key and DEL@key');
  });
  if (watch.length > 0) return { target, watch };
  throw invalid('watch', undefined, 'is missing', 'List what to watch: SET@key,DEL@key');
}
