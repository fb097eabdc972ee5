import { nanos, StorageType, StoreCompression, type StreamConfig } from 'nats';
import { KasmError } from '../../base/errors';
import type { LatticeConnection } from '../../lattice/connection';
import type { ObjectId } from '../../lattice/interfaces/blobstore';
import type { BlobInfo, BlobStore } from './blob-service';
import { connectionSettings, hostConnectionOnly } from './nats-config';
import { NatsObjects, type StoredObject } from './nats-objects';
import { boolean, integer, invalid, knownSettings, lowerCased, type Settings } from './settings';

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

/** What the configuration of a link says of containers. */
export interface NatsBlobSettings {
  /** JetStream domain. @default the one of the connection */
  readonly domain: string | undefined;
  /** How long the server may take to confirm what is written to it, in milliseconds. */
  readonly ackMs: number;
  /** How containers are created. */
  readonly container: Partial<StreamConfig>;
}

/** Objects in the object store of NATS JetStream; a container is a bucket of it. */
export class NatsBlobStore implements BlobStore {
  constructor(
    private readonly connection: () => LatticeConnection | undefined,
    private readonly settings: NatsBlobSettings,
  ) {}

  async createContainer(container: string): Promise<void> {
    const { domain, container: options } = this.settings;
    await NatsObjects.create(this.nats(), nameOf(container), domain, options);
  }

  async deleteContainer(container: string): Promise<void> {
    await (await this.open(container)).destroy();
  }

  async clearContainer(container: string): Promise<void> {
    const objects = await this.open(container);
    for (const name of await objects.names()) await objects.delete(name);
  }

  async containerExists(container: string): Promise<boolean> {
    return (await this.find(container)) !== undefined;
  }

  async containerInfo(container: string): Promise<{ createdAt: bigint }> {
    return { createdAt: seconds(await (await this.open(container)).createdAt()) };
  }

  async *list(container: string): AsyncGenerator<string> {
    yield* await (await this.open(container)).names();
  }

  async info(id: ObjectId): Promise<BlobInfo> {
    const { mtime, size } = await this.object(await this.open(id.container), id);
    return { createdAt: seconds(new Date(mtime)), size: BigInt(size) };
  }

  async has({ container, object }: ObjectId): Promise<boolean> {
    return (await (await this.open(container)).info(object)) !== undefined;
  }

  async delete(container: string, objects: readonly string[]): Promise<void> {
    const store = await this.open(container);
    for (const object of objects) await store.delete(object);
  }

  async read(id: ObjectId, start: bigint, end: bigint): Promise<AsyncIterable<Uint8Array>> {
    const store = await this.open(id.container);
    const info = await this.object(store, id);
    const size = BigInt(info.size);
    return store.read(info, Number(start < maxSafe ? start : maxSafe), Number(end < size ? end + 1n : size));
  }

  async write(
    { container, object }: ObjectId,
    data: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    if (object === '') throw new KasmError('An object must have a name');
    await (await this.open(container)).write(object, data, this.settings.ackMs, signal);
  }

  private nats(): LatticeConnection['nats'] {
    const connection = this.connection();
    if (connection?.connected === true) return connection.nats;
    throw new KasmError('The host is not connected to NATS');
  }

  private find(container: string): Promise<NatsObjects | undefined> {
    return NatsObjects.find(this.nats(), nameOf(container), this.settings.domain);
  }

  private async open(container: string): Promise<NatsObjects> {
    const found = await this.find(container);
    if (found !== undefined) return found;
    throw new KasmError(`There is no container ${JSON.stringify(container)}`);
  }

  private async object(store: NatsObjects, { container, object }: ObjectId): Promise<StoredObject> {
    const info = await store.info(object);
    if (info !== undefined) return info;
    throw new KasmError(
      `There is no object ${JSON.stringify(object)} in container ${JSON.stringify(container)}`,
    );
  }
}

/**
 * Reads the settings of wasmCloud's provider: `js_domain`, `max_write_wait` (seconds, 30), and of the containers that are created
 * `max_age` (seconds), `storage_type` (`file` or `memory`), `num_replicas`, `compression`.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function natsBlobSettings(given: Settings): NatsBlobSettings {
  const settings = lowerCased(given);
  hostConnectionOnly(settings);
  knownSettings(settings, [
    'js_domain',
    'max_write_wait',
    'max_age',
    'storage_type',
    'num_replicas',
    'compression',
    ...connectionSettings,
  ]);
  const maxAge = integer(settings, 'max_age', 0, 0, 3_155_760_000);
  return {
    domain: settings['js_domain'],
    ackMs: integer(settings, 'max_write_wait', 30, 1, 86_400) * 1000,
    container: {
      storage: storageOf(settings),
      num_replicas: integer(settings, 'num_replicas', 1, 1, 5),
      ...(boolean(settings, 'compression', false) && { compression: StoreCompression.S2 }),
      ...(maxAge > 0 && { max_age: nanos(maxAge * 1000) }),
    },
  };
}

function storageOf(settings: Settings): StorageType {
  const { storage_type: type = 'file' } = settings;
  if (/^(file|0)$/i.test(type)) return StorageType.File;
  if (/^(memory|1)$/i.test(type)) return StorageType.Memory;
  throw invalid('storage_type', type, 'is no kind of storage', 'Write file or memory');
}

/** Names become tokens of subjects. */
function nameOf(container: string): string {
  if (/^[-\w]{1,200}$/.test(container)) return container;
  throw new KasmError(
    `${JSON.stringify(container)} cannot be the name of a container`,
    'Use letters, digits, - and _',
  );
}

function seconds(date: Date): bigint {
  return BigInt(Math.floor(date.getTime() / 1000));
}
