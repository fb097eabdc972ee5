import {
  type JetStreamOptions,
  type KV,
  type KvEntry,
  KvWatchInclude,
  type NatsConnection,
  NatsError,
  type QueuedIterator,
} from 'nats';
import { Backoff } from '../../base/backoff';
import { KasmError } from '../../base/errors';
import { sleep } from '../../base/sleep';

/** `wrong last sequence`: the key was written since it was read. */
const changedSince = 10_071;
const maxU64 = 2n ** 64n - 1n;
/** Rounds of reading and writing a counter that other hosts write too. */
const maxRounds = 30;

export interface BucketOptions {
  readonly bucket: string;
  /** JetStream domain. @default the one of the connection */
  readonly domain?: string | undefined;
  /** Whether to create the bucket if there is none, with JetStream's defaults. */
  readonly create: boolean;
}

/** Some keys, and where the next ones begin; no cursor after the last. */
export interface KeyPage {
  readonly keys: string[];
  readonly cursor: bigint | undefined;
}

/** One bucket of NATS JetStream as a key-value store. */
export class NatsBucket {
  /** The last increment of each key that is under way. */
  private readonly increments = new Map<string, Promise<unknown>>();

  private constructor(private readonly kv: KV) {}

  /** @throws NatsError when there is no such bucket, or no JetStream. */
  static async open(nats: NatsConnection, { bucket, domain, create }: BucketOptions): Promise<NatsBucket> {
    const options: JetStreamOptions = domain === undefined ? {} : { domain };
    const { views } = nats.jetstream(options);
    if (create) await views.kv(bucket);
    else await (await nats.jetstreamManager(options)).streams.info(`KV_${bucket}`);
    // Replicas may answer direct reads with what was there before: a guest reads what it wrote.
    return new NatsBucket(await views.kv(bucket, { allow_direct: false }));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.entry(key)).value;
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    await this.kv.put(key, value);
  }

  async delete(key: string): Promise<void> {
    // Wildcards would delete everything that matches.
    if (/[*>]/.test(key)) throw new KasmError(`Key ${JSON.stringify(key)} cannot contain "*" or ">"`);
    await this.kv.purge(key);
  }

  /**
   * Keys in the order of their last write, from `cursor` on. A key that is there from the first page to the last is never missed; one
   * that is written between two pages may be on both.
   */
  async keys(cursor: bigint | undefined, limit: number, signal: AbortSignal): Promise<KeyPage> {
    const keys: string[] = [];
    let last = cursor ?? 0n;
    let allSent: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => (allSent = resolve));
    const watch = await this.kv.watch({ headers_only: true, initializedFn: allSent });
    const abort = (): void => watch.stop(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    // What has arrived by then is still read.
    void sent.then(() => watch.stop());
    try {
      for await (const { key, revision, operation } of watch) {
        if (operation !== 'PUT' || BigInt(revision) <= (cursor ?? 0n)) continue;
        if (keys.length === limit) return { keys, cursor: last };
        keys.push(key);
        last = BigInt(revision);
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return { keys, cursor: undefined };
  }

  /**
   * Adds to a counter, decimal digits as in wasmCloud's providers; a key that is not there counts as 0. Increments of this host wait for
   * each other, so only other writers make it try again.
   * @throws KasmError when the value is no counter, would not fit, or others keep writing it.
   */
  async increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint> {
    const before = this.increments.get(key);
    const mine = (async () => {
      // How it ended is the business of whoever asked for it.
      await before?.catch(() => undefined);
      return this.add(key, delta, signal);
    })();
    this.increments.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.increments.get(key) === mine) this.increments.delete(key);
    }
  }

  /** What is written from now on to keys that match a pattern, until it is stopped. */
  changes(key: string): Promise<QueuedIterator<KvEntry>> {
    return this.kv.watch({ key, include: KvWatchInclude.UpdatesOnly });
  }

  private async add(key: string, delta: bigint, signal: AbortSignal): Promise<bigint> {
    const backoff = new Backoff({ minMs: 2, maxMs: 100 });
    for (let round = 0; round < maxRounds; round++) {
      if (round > 0) await sleep(backoff.next(), signal);
      signal.throwIfAborted();
      const { value, revision } = await this.entry(key);
      const sum = counterOf(key, value) + delta;
      if (sum > maxU64) throw new KasmError(`Counter ${JSON.stringify(key)} does not fit into 64 bits`);
      try {
        await this.kv.put(key, sum.toString(), { previousSeq: revision });
        return sum;
      } catch (error) {
        if (!(error instanceof NatsError && error.api_error?.err_code === changedSince)) throw error;
      }
    }
    throw new KasmError(
      `Counter ${JSON.stringify(key)} was written by others ${maxRounds} times while it was incremented`,
    );
  }

  /** The value of a key, and what a writer says to make sure that it is still that one. */
  private async entry(key: string): Promise<{ value: Uint8Array | undefined; revision: number }> {
    const entry = await this.kv.get(key);
    if (entry === null) return { value: undefined, revision: 0 };
    return { value: entry.operation === 'PUT' ? entry.value : undefined, revision: entry.revision };
  }
}

function counterOf(key: string, value: Uint8Array | undefined): bigint {
  const text = Buffer.from(value ?? []).toString();
  if (text === '') return 0n;
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new KasmError(`Value of ${JSON.stringify(key)} is no counter`, 'Increment only what was incremented');
}
