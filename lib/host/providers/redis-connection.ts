import { readFileSync } from 'node:fs';
import { createClient, RESP_TYPES } from '@redis/client';
import { Backoff } from '../../base/backoff';
import { KasmError, messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import { invalid, knownSettings, lowerCased, type Settings } from './settings';

const settingNames = ['url', 'prefix', 'tls_ca_file'];
const defaultUrl = 'redis://127.0.0.1:6379/';
const connectMs = 5_000;
/** How many keys a page of keys is asked to have. */
const pageKeys = 1000;
const maxI64 = 2n ** 63n - 1n;

/** One server, as a link is configured for it. */
export interface RedisTarget {
  /** May hold a password: it is never shown. */
  readonly url: string;
  /** Put before every key, so that components can share a server. */
  readonly prefix: string;
  /** PEM of the authorities that the server is trusted by. @default those of Node */
  readonly ca: string | undefined;
  /** Number of the database, which the URL names. */
  readonly database: string;
}

/** Tells servers apart. */
export function serverKey({ url, ca }: RedisTarget): string {
  return JSON.stringify([url, ca]);
}

/** @throws TerminalError `InvalidLinkConfig` */
export function redisTarget(given: Settings): RedisTarget {
  const settings = lowerCased(given);
  knownSettings(settings, settingNames);
  const { url = defaultUrl } = settings;
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    throw invalid(
      'url',
      undefined,
      'is no address of a Redis server',
      'Write redis://HOST:PORT/DATABASE, or rediss:// for TLS',
    );
  }
  const file = settings['tls_ca_file'];
  const database = new URL(url).pathname.slice(1) || '0';
  return {
    url,
    prefix: settings['prefix'] ?? '',
    ca: file === undefined ? undefined : readCa(file),
    database,
  };
}

/** A connection to one server, made when it is first needed and made again when it was lost. */
export class RedisConnection {
  private readonly database: string;
  private readonly client: ReturnType<typeof clientOf>;
  private started = false;

  constructor(target: RedisTarget, log: Logger) {
    this.client = clientOf(target);
    this.database = target.database;
    this.client.on('error', (error: unknown) => log.warn({ error: messageOf(error) }, 'Redis is away'));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return bytesOf(await this.send('GET', key));
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return keys.length === 0 ? [] : ((await this.send('MGET', ...keys)) as unknown[]).map(bytesOf);
  }

  async set(entries: readonly (readonly [key: string, value: Uint8Array])[]): Promise<void> {
    if (entries.length === 0) return;
    await this.send('MSET', ...entries.flatMap(([key, value]) => [key, Buffer.from(value)]));
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.send('DEL', ...keys);
  }

  async exists(key: string): Promise<boolean> {
    return (await this.send('EXISTS', key)) !== '0';
  }

  /** Keys that begin with `prefix`, without it; a key that is there all the time is on one page at least. */
  async keys(prefix: string, cursor = 0n): Promise<{ keys: string[]; cursor: bigint | undefined }> {
    const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
    const answer = await this.send('SCAN', `${cursor}`, 'MATCH', pattern, 'COUNT', `${pageKeys}`);
    const [next, found] = answer as [Buffer, Buffer[]];
    const following = BigInt(next.toString());
    const keys = found.map((key) => key.toString().slice(prefix.length));
    return { keys, cursor: following === 0n ? undefined : following };
  }

  async increment(key: string, delta: bigint): Promise<bigint> {
    if (delta > maxI64) throw new KasmError(`Redis adds at most ${maxI64} at a time`);
    return BigInt((await this.send('INCRBY', key, `${delta}`)) as string);
  }

  /** Whether the server tells of strings that are written and of keys that are deleted; `undefined` where it does not let one ask. */
  async tellsOfWrites(): Promise<boolean | undefined> {
    let answer;
    try {
      answer = await this.send('CONFIG', 'GET', 'notify-keyspace-events');
    } catch (error) {
      // Servers of clouds do not show their configuration.
      if (/^(ERR unknown command|NOPERM)\b/.test(messageOf(error))) return undefined;
      throw error;
    }
    const [classes] = Object.values(answer as Record<string, Buffer>);
    const has = (each: string): boolean => classes?.includes(each) ?? false;
    return has('K') && (has('A') || (has('g') && has('$')));
  }

  /** Tells what happens to keys from now on, also after the connection was lost and made again. */
  async onKeyEvents(keys: readonly string[], tell: (key: string, event: string) => void): Promise<void> {
    const channel = `__keyspace@${this.database}__:`;
    if (!this.client.isReady) await this.ready();
    await this.client.subscribe(
      keys.map((key) => channel + key),
      (event, from) => tell(from.slice(channel.length), event),
    );
  }

  close(): void {
    if (this.started) this.client.destroy();
  }

  private async send(...command: (string | Buffer)[]): Promise<unknown> {
    if (!this.client.isReady) await this.ready();
    return this.client.sendCommand(command);
  }

  /** Resolves with a connection; rejects when the attempt that is under way, or the next, fails. */
  private async ready(): Promise<void> {
    const { client } = this;
    let failed: (error: Error) => void = () => undefined;
    let connected: () => void = () => undefined;
    const outcome = new Promise<void>((resolve, reject) => {
      connected = resolve;
      failed = reject;
    });
    client.once('ready', connected);
    client.once('error', failed);
    if (!this.started) {
      this.started = true;
      // It goes on trying; how that goes is told by events.
      client.connect().catch(() => undefined);
    }
    try {
      await outcome;
    } finally {
      client.off('ready', connected);
      client.off('error', failed);
    }
  }
}

/** Values are bytes; whole numbers are text, as not all of them are numbers in JavaScript. */
const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } as const;

function clientOf({ url, ca }: RedisTarget) {
  const backoff = new Backoff({ minMs: 50, maxMs: 2_000 });
  const tls = url.startsWith('rediss:');
  const socket = {
    connectTimeout: connectMs,
    reconnectStrategy: () => backoff.next(),
  };
  return createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { typeMapping },
    socket: tls ? { ...socket, tls: true as const, ...(ca !== undefined && { ca }) } : socket,
  }).on('ready', () => backoff.reset());
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value === null || value === undefined ? undefined : Uint8Array.from(value as Buffer);
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid('tls_ca_file', file, 'cannot be read', 'Name a file of this host with PEM certificates', {
      cause: error,
    });
  }
}
