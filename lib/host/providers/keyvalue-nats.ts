import { ErrorCode, NatsError } from 'nats';
import { KasmError, messageOf, TerminalError } from '../../base/errors';
import type { LatticeConnection } from '../../lattice/connection';
import { atomics, batch, store, type storeError } from '../../lattice/interfaces/keyvalue';
import { WitError } from '../../lattice/wrpc/errors';
import type { Js } from '../../lattice/wrpc/types';
import type { ServiceCallContext } from '../calls/local-service';
import { hostConnectionOnly } from './nats-config';
import { type BucketOptions, NatsBucket } from './nats-bucket';
import { boolean, invalid, knownSettings, lowerCased } from './settings';
import { type InterfaceService, served, serviceOf } from './typed-service';

export type Values = Readonly<Record<string, string>>;

export interface KeyvalueNatsOptions {
  /** The host's connection to NATS; `undefined` until there is one. */
  readonly connection: () => LatticeConnection | undefined;
  /** Configuration of the provider, which that of a link overrides. */
  readonly config: () => Values;
  /** Most keys that `list-keys` answers at once. @default 10000 */
  readonly pageSize?: number;
}

/** `stream not found` */
const noSuchStream = 10_059;
const settingNames = ['bucket', 'js_domain', 'enable_bucket_auto_create'];
/** Requests of one batch that are under way at a time. */
const batchWidth = 64;

/**
 * The built-in key-value provider: buckets of NATS JetStream, on the host's own connection. A link names its bucket as for wasmCloud's
 * provider: `bucket`, `js_domain`, `enable_bucket_auto_create`. Components open it by the name of the link or by that of the bucket.
 */
export function keyvalueNats(options: KeyvalueNatsOptions): InterfaceService {
  const { pageSize = 10_000 } = options;
  const buckets = new Buckets(options);
  const on = <T>(
    context: ServiceCallContext,
    identifier: string,
    use: (bucket: NatsBucket) => Promise<T>,
  ): Promise<T> => buckets.use(context, identifier, use);

  return serviceOf(
    served(store, {
      get: (context, id, key) => on(context, id, (bucket) => bucket.get(key)),
      set: (context, id, key, value) => on(context, id, (bucket) => bucket.set(key, value)),
      delete: (context, id, key) => on(context, id, (bucket) => bucket.delete(key)),
      exists: (context, id, key) => on(context, id, async (bucket) => (await bucket.get(key)) !== undefined),
      'list-keys': (context, id, cursor) =>
        on(context, id, (bucket) => bucket.keys(cursor, pageSize, context.signal)),
    }),
    served(atomics, {
      increment: (context, id, key, delta) =>
        on(context, id, (bucket) => bucket.increment(key, delta, context.signal)),
    }),
    served(batch, {
      'get-many': (context, id, keys) =>
        on(context, id, (bucket) =>
          each(keys, async (key): Promise<[string, Uint8Array] | undefined> => {
            const value = await bucket.get(key);
            return value && [key, value];
          }),
        ),
      'set-many': (context, id, entries) =>
        on(context, id, async (bucket) => {
          await each(entries, ([key, value]) => bucket.set(key, value));
        }),
      'delete-many': (context, id, keys) =>
        on(context, id, async (bucket) => {
          await each(keys, (key) => bucket.delete(key));
        }),
    }),
  );
}

/** Buckets that are open. */
class Buckets {
  private readonly open = new Map<string, Promise<NatsBucket>>();
  private openedOn: LatticeConnection | undefined;

  constructor(private readonly options: KeyvalueNatsOptions) {}

  /** Every failure is an error that the component can handle. */
  async use<T>(
    context: ServiceCallContext,
    identifier: string,
    use: (bucket: NatsBucket) => Promise<T>,
  ): Promise<T> {
    let key: string | undefined;
    try {
      const wanted = bucketOf({ ...this.options.config(), ...context.targetConfig });
      if (identifier !== context.linkName && identifier !== wanted.bucket) {
        throw new WitError<StoreError>({ tag: 'no-such-store' });
      }
      key = JSON.stringify(wanted);
      return await use(await this.find(key, wanted));
    } catch (error) {
      if (error instanceof WitError) throw error;
      // Whatever is wrong may be that the bucket is not what it was: the next call looks again.
      if (key !== undefined && error instanceof NatsError) this.open.delete(key);
      if (error instanceof TerminalError)
        throw new WitError<StoreError>({ tag: 'other', val: `targetConfig.${messageOf(error)}` });
      throw new WitError(storeErrorOf(error));
    }
  }

  private async find(key: string, wanted: BucketOptions): Promise<NatsBucket> {
    const connection = this.options.connection();
    if (connection?.connected !== true) throw new KasmError('The host is not connected to NATS');
    if (this.openedOn !== connection) this.open.clear();
    this.openedOn = connection;
    let bucket = this.open.get(key);
    if (bucket === undefined) this.open.set(key, (bucket = NatsBucket.open(connection.nats, wanted)));
    return bucket;
  }
}

type StoreError = Js<typeof storeError>;

function storeErrorOf(error: unknown): StoreError {
  if (error instanceof NatsError) {
    if (error.api_error?.err_code === noSuchStream) return { tag: 'no-such-store' };
    if (error.isPermissionError()) return { tag: 'access-denied' };
    if (error.code === (ErrorCode.NoResponders as string)) {
      return {
        tag: 'other',
        val: 'JetStream does not answer: it is off, starting, or the bucket was deleted',
      };
    }
  }
  return { tag: 'other', val: messageOf(error) };
}

/** @throws TerminalError `InvalidLinkConfig` for what this provider does not do */
export function bucketSettings(given: Values): BucketOptions {
  const config = lowerCased(given);
  hostConnectionOnly(config);
  knownSettings(config, settingNames);
  const { bucket = '', js_domain: domain } = config;
  if (!/^[\w-]*$/.test(bucket))
    throw invalid('bucket', bucket, 'is no name of a bucket', 'Use letters, digits, - and _');
  return { bucket, domain, create: boolean(config, 'enable_bucket_auto_create', false) };
}

/** @throws TerminalError `InvalidLinkConfig` when the configuration of a link names no bucket, or what this provider does not do */
export function bucketOf(config: Values): BucketOptions {
  const settings = bucketSettings(config);
  if (settings.bucket !== '') return settings;
  throw invalid('bucket', undefined, 'is missing', 'Set it to the name of a NATS bucket');
}

/** Maps in order, a bounded number at a time. */
async function each<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += batchWidth) {
    results.push(...(await Promise.all(items.slice(at, at + batchWidth).map(map))));
  }
  return results;
}
