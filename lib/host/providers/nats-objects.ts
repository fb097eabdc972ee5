import { createHash } from 'node:crypto';
import {
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  NatsError,
  type NatsConnection,
  type ObjectStore,
  type StreamConfig,
  headers,
  nuid,
} from 'nats';
import { KasmError } from '../../base/errors';

/** Bytes of one message of an object, as much as wasmCloud's provider puts into one; less where the server takes less. */
const chunkBytes = 256 * 1024;
/** Messages of an object that are on their way to or from the server at a time. */
const window = 8;
const noSuchStream = 10_059;
const noSuchMessage = 10_037;
const nameInUse = 10_058;
const digestPrefix = 'SHA-256=';

/** An object as it is described beside its data. */
export interface StoredObject {
  readonly name: string;
  /** By which its data is found. */
  readonly nuid: string;
  readonly size: number;
  readonly chunks: number;
  readonly digest: string;
  readonly mtime: string;
  readonly deleted?: boolean;
}

/** One object store of NATS JetStream, without ever more of an object in memory than a few messages. */
export class NatsObjects {
  private constructor(
    private readonly nats: NatsConnection,
    private readonly js: JetStreamClient,
    private readonly manager: JetStreamManager,
    private readonly store: ObjectStore,
    private readonly bucket: string,
  ) {}

  /** The store of this name; undefined when there is none. */
  static async find(
    nats: NatsConnection,
    bucket: string,
    domain: string | undefined,
  ): Promise<NatsObjects | undefined> {
    const options = domain === undefined ? {} : { domain };
    const manager = await nats.jetstreamManager(options);
    try {
      await manager.streams.info(`OBJ_${bucket}`);
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === noSuchStream) return undefined;
      throw error;
    }
    const js = nats.jetstream(options);
    return new NatsObjects(nats, js, manager, await js.views.os(bucket), bucket);
  }

  /** Makes the store of this name if there is none. */
  static async create(
    nats: NatsConnection,
    bucket: string,
    domain: string | undefined,
    settings: Partial<StreamConfig>,
  ): Promise<void> {
    const manager = await nats.jetstreamManager(domain === undefined ? {} : { domain });
    try {
      await manager.streams.add({
        name: `OBJ_${bucket}`,
        subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
        discard: DiscardPolicy.New,
        allow_rollup_hdrs: true,
        ...settings,
      });
    } catch (error) {
      // With other settings, which are those that it was created with.
      if (!(error instanceof NatsError && error.api_error?.err_code === nameInUse)) throw error;
    }
  }

  async createdAt(): Promise<Date> {
    const { streamInfo } = await this.store.status();
    return new Date(streamInfo.created);
  }

  async destroy(): Promise<void> {
    await this.manager.streams.delete(`OBJ_${this.bucket}`);
  }

  async names(): Promise<string[]> {
    return (await this.store.list()).map(({ name }) => name);
  }

  /** What is known of an object; undefined when there is none. */
  async info(name: string): Promise<StoredObject | undefined> {
    try {
      const query = { last_by_subj: this.infoSubject(name) };
      const { data } = await this.manager.streams.getMessage(`OBJ_${this.bucket}`, query);
      const info = JSON.parse(Buffer.from(data).toString()) as StoredObject;
      return info.deleted === true ? undefined : info;
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === noSuchMessage) return undefined;
      throw error;
    }
  }

  async delete(name: string): Promise<void> {
    const info = await this.info(name);
    if (info === undefined) return;
    await this.publishInfo({ ...info, size: 0, chunks: 0, digest: '', deleted: true });
    await this.purge(info.nuid);
  }

  /** The bytes of an object from `start` up to `end`. All of it is checked against its digest if all of it is read. */
  async *read(
    { nuid: id, size, digest }: StoredObject,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array> {
    if (size === 0 || start >= end) return;
    const consumer = await this.js.consumers.get(`OBJ_${this.bucket}`, {
      filterSubjects: [this.chunkSubject(id)],
    });
    const messages = await consumer.consume({ max_messages: window });
    const hash = createHash('sha256');
    let at = 0;
    try {
      for await (const { data } of messages) {
        hash.update(data);
        const from = Math.max(0, start - at);
        const to = Math.min(data.length, end - at);
        at += data.length;
        if (to > from) yield data.subarray(from, to);
        if (at >= end) break;
      }
    } finally {
      await messages.close();
    }
    if (at < end) throw new KasmError('The object was replaced or deleted while it was read');
    if (at === size && digest !== digestPrefix + padded(hash.digest('base64url'))) {
      throw new KasmError('The object is not what was written: its digest does not match');
    }
  }

  /** Replaces an object once all of its data is there; what came before something failed is removed. */
  async write(
    name: string,
    data: AsyncIterable<Uint8Array>,
    ackMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const old = await this.info(name);
    const id = nuid.next();
    try {
      const written = await this.writeChunks(id, data, ackMs, signal);
      const mtime = new Date().toISOString();
      const options = { max_chunk_size: this.chunkSize };
      const info = { name, bucket: this.bucket, nuid: id, ...written, mtime, deleted: false, options };
      await this.publishInfo(info, ackMs);
    } catch (error) {
      await this.purge(id);
      throw error;
    }
    if (old !== undefined) await this.purge(old.nuid);
  }

  private async writeChunks(
    id: string,
    data: AsyncIterable<Uint8Array>,
    ackMs: number,
    signal: AbortSignal,
  ): Promise<{ size: number; chunks: number; digest: string }> {
    const hash = createHash('sha256');
    const unconfirmed: Promise<unknown>[] = [];
    let [size, chunks] = [0, 0];
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    const flush = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      size += bytes.length;
      chunks++;
      const confirmed = this.js.publish(this.chunkSubject(id), bytes, { timeout: ackMs });
      // It is looked at when it is its turn.
      confirmed.catch(() => undefined);
      unconfirmed.push(confirmed);
      if (unconfirmed.length >= window) await unconfirmed.shift();
    };
    for await (const part of data) {
      signal.throwIfAborted();
      held.push(part);
      heldBytes += part.length;
      if (heldBytes < this.chunkSize) continue;
      let rest: Uint8Array = Buffer.concat(held);
      for (; rest.length >= this.chunkSize; rest = rest.subarray(this.chunkSize)) {
        await flush(rest.subarray(0, this.chunkSize));
      }
      [held, heldBytes] = [[rest], rest.length];
    }
    signal.throwIfAborted();
    if (heldBytes > 0) await flush(Buffer.concat(held));
    await Promise.all(unconfirmed);
    return { size, chunks, digest: digestPrefix + padded(hash.digest('base64url')) };
  }

  /** Puts what is known of an object in place of what was known before. */
  private async publishInfo(info: StoredObject, timeout?: number): Promise<void> {
    const rollup = headers();
    rollup.set('Nats-Rollup', 'sub');
    await this.js.publish(this.infoSubject(info.name), JSON.stringify(info), {
      headers: rollup,
      ...(timeout !== undefined && { timeout }),
    });
  }

  private infoSubject(name: string): string {
    return `$O.${this.bucket}.M.${padded(Buffer.from(name).toString('base64url'))}`;
  }

  private get chunkSize(): number {
    return Math.min(chunkBytes, this.nats.info?.max_payload ?? chunkBytes);
  }

  private chunkSubject(id: string): string {
    return `$O.${this.bucket}.C.${id}`;
  }

  private async purge(id: string): Promise<void> {
    await this.manager.streams.purge(`OBJ_${this.bucket}`, { filter: this.chunkSubject(id) });
  }
}

/** Base64 as NATS writes it, with its padding. */
function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
