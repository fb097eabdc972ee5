import { messageOf } from '../../base/errors';
import { blobstore, blobstore010, type ObjectId } from '../../lattice/interfaces/blobstore';
import { WitError } from '../../lattice/wrpc/errors';
import type { JsResult } from '../../lattice/wrpc/types';
import type { ServiceCallContext } from '../calls/local-service';
import { type InterfaceService, served, serviceOf } from './typed-service';

/** Bytes of an object, and the size and time that it has. */
export interface BlobInfo {
  /** Seconds since 1970. */
  readonly createdAt: bigint;
  readonly size: bigint;
}

/** Where the objects behind one link are. What is thrown is told to the component by its message. */
export interface BlobStore {
  createContainer(container: string): Promise<void>;
  deleteContainer(container: string): Promise<void>;
  clearContainer(container: string): Promise<void>;
  containerExists(container: string): Promise<boolean>;
  containerInfo(container: string): Promise<{ readonly createdAt: bigint }>;
  /** Names of all objects. */
  list(container: string): AsyncIterable<string>;
  /** Rejects when there is none of that name. */
  info(id: ObjectId): Promise<BlobInfo>;
  has(id: ObjectId): Promise<boolean>;
  /** Names that are not there are no error. */
  delete(container: string, objects: readonly string[]): Promise<void>;
  /** The bytes from `start` to `end`, both included; what is beyond the last byte is not an error. */
  read(id: ObjectId, start: bigint, end: bigint): Promise<AsyncIterable<Uint8Array>>;
  /** Replaces an object, as a whole or not at all. */
  write(id: ObjectId, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** A blobstore as components and hosts of wasmCloud 1.x call it, in both versions of its interface. */
export function blobService(storeOf: (context: ServiceCallContext) => BlobStore): InterfaceService {
  const on = async <T>(context: ServiceCallContext, use: (store: BlobStore) => Promise<T>): Promise<T> => {
    try {
      return await use(storeOf(context));
    } catch (error) {
      throw error instanceof WitError ? error : new WitError(messageOf(error));
    }
  };
  const copy = async (store: BlobStore, from: ObjectId, to: ObjectId, signal: AbortSignal): Promise<void> => {
    await store.write(to, await store.read(from, 0n, 2n ** 64n - 1n), signal);
  };
  const list = (
    context: ServiceCallContext,
    name: string,
    limit: bigint | undefined,
    offset: bigint | undefined,
  ): Promise<AsyncIterable<string>> =>
    on(context, async (store) => {
      await existing(store, name);
      return page(store.list(name), limit, offset);
    });
  const get = (
    context: ServiceCallContext,
    id: ObjectId,
    start: bigint,
    end: bigint,
  ): Promise<AsyncIterable<Uint8Array>> => on(context, (store) => store.read(id, start, end));
  const write = (context: ServiceCallContext, id: ObjectId, data: AsyncIterable<Uint8Array>): Promise<void> =>
    on(context, (store) => store.write(id, data, context.signal));

  const plain = {
    'clear-container': (context: ServiceCallContext, name: string) =>
      on(context, (store) => store.clearContainer(name)),
    'container-exists': (context: ServiceCallContext, name: string) =>
      on(context, (store) => store.containerExists(name)),
    'create-container': (context: ServiceCallContext, name: string) =>
      on(context, (store) => store.createContainer(name)),
    'delete-container': (context: ServiceCallContext, name: string) =>
      on(context, (store) => store.deleteContainer(name)),
    'get-container-info': (context: ServiceCallContext, name: string) =>
      on(context, (store) => store.containerInfo(name)),
    'copy-object': (context: ServiceCallContext, from: ObjectId, to: ObjectId) =>
      on(context, (store) => copy(store, from, to, context.signal)),
    'delete-object': (context: ServiceCallContext, { container, object }: ObjectId) =>
      on(context, (store) => store.delete(container, [object])),
    'delete-objects': (context: ServiceCallContext, container: string, objects: string[]) =>
      on(context, (store) => store.delete(container, objects)),
    'get-object-info': (context: ServiceCallContext, id: ObjectId) => on(context, (store) => store.info(id)),
    'has-object': (context: ServiceCallContext, id: ObjectId) => on(context, (store) => store.has(id)),
    'move-object': (context: ServiceCallContext, from: ObjectId, to: ObjectId) =>
      on(context, async (store) => {
        if (from.container === to.container && from.object === to.object) return;
        await copy(store, from, to, context.signal);
        await store.delete(from.container, [from.object]);
      }),
  };
  return serviceOf(
    served(blobstore, {
      ...plain,
      'list-container-objects': async (...args) => checked(await list(...args)),
      'get-container-data': async (...args) => checked(await get(...args)),
      // Answered before it is written: components of wasmCloud hosts fill the object only once they have the answer.
      'write-container-data': async (context, id, data) => {
        await on(context, (store) => existing(store, id.container));
        return (() => outcomeOf(write(context, id, data))) as never;
      },
    }),
    served(blobstore010, {
      ...plain,
      'list-container-objects': list,
      'get-container-data': get,
      'write-container-data': write,
    }),
  );
}

async function existing(store: BlobStore, container: string): Promise<void> {
  if (await store.containerExists(container)) return;
  throw new WitError(`There is no container ${JSON.stringify(container)}`);
}

type Outcome = JsResult<undefined, string>;

function outcomeOf(done: Promise<void>): Promise<Outcome> {
  return done.then(
    () => ({ tag: 'ok', val: undefined }),
    (error: unknown) => ({
      tag: 'err',
      val: error instanceof WitError ? String(error.payload) : messageOf(error),
    }),
  );
}

/** A stream, and beside it whether it was whole. */
function checked<T>(source: AsyncIterable<T>): [AsyncIterable<T>, Promise<Outcome>] {
  let settle: (status: Outcome) => void;
  const status = new Promise<Outcome>((resolve) => (settle = resolve));
  async function* parts(): AsyncGenerator<T> {
    try {
      yield* source;
    } catch (error) {
      settle({ tag: 'err', val: messageOf(error) });
      throw new WitError(messageOf(error));
    } finally {
      settle({ tag: 'ok', val: undefined });
    }
  }
  return [parts(), status];
}

async function* page(
  names: AsyncIterable<string>,
  limit: bigint | undefined,
  offset = 0n,
): AsyncGenerator<string> {
  let at = 0n;
  for await (const name of names) {
    if (limit !== undefined && at >= offset + limit) return;
    if (at++ >= offset) yield name;
  }
}
