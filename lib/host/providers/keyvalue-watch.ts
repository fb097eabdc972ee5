import type { KvEntry, QueuedIterator } from 'nats';
import { Backoff } from '../../base/backoff';
import { KasmError, messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { sleep } from '../../base/sleep';
import type { LatticeConnection } from '../../lattice/connection';
import { bucketOf, type Values } from './keyvalue-nats';
import { type BucketOptions, NatsBucket } from './nats-bucket';
import { invalid, lowerCased } from './settings';
import { WatchedLinks, type WatchLink } from './watched-links';

export interface KeyvalueWatchOptions<L extends WatchLink> {
  /** The host's connection to NATS; `undefined` until there is one. */
  readonly connection: () => LatticeConnection | undefined;
  /** Configuration of the provider, which that of a link overrides. */
  readonly config: () => Values;
  /** Calls the component that a link leads to; rejects when that did not handle it. */
  readonly deliver: (link: L, func: 'on-set' | 'on-delete', args: readonly unknown[]) => Promise<void>;
  readonly log: Logger;
}

interface WatchSettings extends BucketOptions {
  readonly key: string;
}

/**
 * Tells components what changes in buckets of NATS JetStream, from the moment of the link on: each link one change at a time, in the order
 * of the writes. What a component fails to handle is logged, and is not told again.
 */
export class KeyvalueWatch<L extends WatchLink = WatchLink> {
  private readonly links: WatchedLinks<L, WatchSettings>;

  constructor(private readonly options: KeyvalueWatchOptions<L>) {
    this.links = new WatchedLinks<L, WatchSettings>({
      settingsOf: (link) => watchSettings({ ...options.config(), ...link.sourceConfig }),
      open: async (current, settings) => {
        const entries = await this.open(settings);
        const stop = new AbortController();
        return { stop, over: this.follow(current, settings, entries, stop.signal) };
      },
    });
  }

  /**
   * Makes it watch exactly what these links say; what can be done is done.
   * @throws TerminalError `InvalidLinkConfig`, or what NATS says, with the first thing that could not be done
   */
  setLinks(links: readonly L[]): Promise<void> {
    return this.links.set(links);
  }

  /** Tells no more; a call that is under way may end for as long as `graceMs`. */
  stop(graceMs: number): Promise<void> {
    return this.links.stop(graceMs);
  }

  private async open({ key, ...bucket }: WatchSettings): Promise<QueuedIterator<KvEntry>> {
    const connection = this.options.connection();
    if (connection?.connected !== true) throw new KasmError('The host is not connected to NATS');
    return (await NatsBucket.open(connection.nats, bucket)).changes(key);
  }

  /** Watches on, anew where a watch breaks off. */
  private async follow(
    current: () => L,
    settings: WatchSettings,
    opened: QueuedIterator<KvEntry>,
    signal: AbortSignal,
  ): Promise<void> {
    const { log } = this.options;
    const backoff = new Backoff({ minMs: 500, maxMs: 30_000 });
    let entries: QueuedIterator<KvEntry> | undefined = opened;
    while (!signal.aborted) {
      try {
        entries ??= await this.open(settings);
        const stop = (): void => entries?.stop();
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        for await (const entry of entries) {
          if (signal.aborted) break;
          backoff.reset();
          await this.tell(current(), settings, entry);
        }
        signal.removeEventListener('abort', stop);
      } catch (error) {
        log.warn({ bucket: settings.bucket, error: messageOf(error) }, 'Watch of a bucket broke off');
      }
      entries = undefined;
      await sleep(signal.aborted ? 0 : backoff.next(), signal).catch(() => undefined);
    }
  }

  private async tell(link: L, { bucket }: WatchSettings, { key, operation, value }: KvEntry): Promise<void> {
    const { deliver, log } = this.options;
    try {
      if (operation === 'PUT') await deliver(link, 'on-set', [bucket, key, value]);
      else await deliver(link, 'on-delete', [bucket, key]);
    } catch (error) {
      log.warn({ link: link.name, bucket, error: messageOf(error) }, 'Change of a bucket was not handled');
    }
  }
}

/** @throws TerminalError `InvalidLinkConfig` */
function watchSettings(given: Values): WatchSettings {
  const { key = '>', ...bucket } = lowerCased(given);
  const token = '([-/_=\\w]+|\\*)';
  if (!new RegExp(`^(>|${token}(\\.${token})*(\\.>)?)$`).test(key))
    throw invalid('key', key, 'is no key', 'Write a key; * stands for one part of it, > for all that follow');
  return { ...bucketOf(bucket), key };
}
