import type { KvEntry, QueuedIterator } from 'nats';
import { Backoff } from '../../base/backoff';
import { KasmError, messageOf, TerminalError } from '../../base/errors';
import type { Logger } from '../../base/log';
import { sleep } from '../../base/sleep';
import type { LatticeConnection } from '../../lattice/connection';
import { bucketOf, type Values } from './keyvalue-nats';
import { type BucketOptions, NatsBucket } from './nats-bucket';
import { invalid } from './settings';

/** A link from the provider to a component that exports `wasi:keyvalue/watcher`. */
export interface WatchLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  readonly target: string;
  readonly sourceConfig: Values;
}

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

interface Watch<L> {
  link: L;
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

/**
 * Tells components what changes in buckets of NATS JetStream, from the moment of the link on: each link one change at a time, in the order
 * of the writes. What a component fails to handle is logged, and is not told again.
 */
export class KeyvalueWatch<L extends WatchLink = WatchLink> {
  private readonly watches = new Map<string, Watch<L>>();

  constructor(private readonly options: KeyvalueWatchOptions<L>) {}

  /**
   * Makes it watch exactly what these links say; what can be done is done.
   * @throws TerminalError `InvalidLinkConfig`, or what NATS says, with the first thing that could not be done
   */
  async setLinks(links: readonly L[]): Promise<void> {
    const failures: unknown[] = [];
    const wanted = new Map<string, { link: L; settings: WatchSettings }>();
    for (const link of links) {
      try {
        const settings = watchSettings({ ...this.options.config(), ...link.sourceConfig });
        wanted.set(JSON.stringify([link.name, link.target, settings]), { link, settings });
      } catch (error) {
        failures.push(inLink(link, error));
      }
    }
    for (const [key, { stop }] of this.watches) {
      if (wanted.has(key)) continue;
      this.watches.delete(key);
      stop.abort();
    }
    for (const [key, { link, settings }] of wanted) {
      const known = this.watches.get(key);
      if (known !== undefined) known.link = link;
      else {
        try {
          const entries = await this.open(settings);
          const stop = new AbortController();
          this.watches.set(key, { link, stop, over: this.follow(key, link, settings, entries, stop.signal) });
        } catch (error) {
          failures.push(inLink(link, error));
        }
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Tells no more; a call that is under way may end for as long as `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const all = [...this.watches.values()];
    this.watches.clear();
    for (const { stop } of all) stop.abort();
    const over = new AbortController();
    const timeout = sleep(graceMs, over.signal).catch(() => undefined);
    await Promise.race([Promise.all(all.map((watch) => watch.over)), timeout]);
    over.abort();
  }

  private async open({ key, ...bucket }: WatchSettings): Promise<QueuedIterator<KvEntry>> {
    const connection = this.options.connection();
    if (connection?.connected !== true) throw new KasmError('The host is not connected to NATS');
    return (await NatsBucket.open(connection.nats, bucket)).changes(key);
  }

  /** Watches on, anew where a watch breaks off. */
  private async follow(
    key: string,
    first: L,
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
          await this.tell(this.watches.get(key)?.link ?? first, settings, entry);
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
function watchSettings({ key = '>', ...bucket }: Values): WatchSettings {
  const token = '([-/_=\\w]+|\\*)';
  if (!new RegExp(`^(>|${token}(\\.${token})*(\\.>)?)$`).test(key))
    throw invalid('key', key, 'is no key', 'Write a key; * stands for one part of it, > for all that follow');
  return { ...bucketOf(bucket), key };
}

function inLink({ name }: WatchLink, error: unknown): unknown {
  if (!(error instanceof TerminalError)) return error;
  return new TerminalError(error.reason, `link ${name}: sourceConfig.${error.message}`, undefined, {
    cause: error.cause,
  });
}
