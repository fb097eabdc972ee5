import { atomics, batch, store } from '../../lattice/interfaces/keyvalue';
import type { WitInterface } from '../../lattice/wrpc/types';
import type { HostImports } from '../engine/engine';
import type { Guest, LinkedFunction } from './guest';
import { callLinked } from './linked';

/** A function of a provider: links speak of it as the component does, the wire as providers do. */
function of<F extends WitInterface['functions']>(
  { id }: WitInterface<F>,
  name: keyof F & string,
): LinkedFunction {
  return { interface: id.replace(/^wrpc:/, 'wasi:'), wireInterface: id, function: name };
}

const functions = {
  get: of(store, 'get'),
  set: of(store, 'set'),
  delete: of(store, 'delete'),
  exists: of(store, 'exists'),
  listKeys: of(store, 'list-keys'),
  increment: of(atomics, 'increment'),
  getMany: of(batch, 'get-many'),
  setMany: of(batch, 'set-many'),
  deleteMany: of(batch, 'delete-many'),
};

/** `wasi:keyvalue/store.bucket`: on the wire a bucket is its name, sent with each call. */
export class Bucket {
  constructor(
    private readonly guest: Guest,
    private readonly identifier: string,
  ) {}

  call(name: keyof typeof functions, ...args: unknown[]): Promise<unknown> {
    return callLinked(this.guest, functions[name], [this.identifier, ...args]);
  }

  get(key: string): Promise<unknown> {
    return this.call('get', key);
  }

  set(key: string, value: Uint8Array): Promise<unknown> {
    return this.call('set', key, value);
  }

  delete(key: string): Promise<unknown> {
    return this.call('delete', key);
  }

  exists(key: string): Promise<unknown> {
    return this.call('exists', key);
  }

  listKeys(cursor: bigint | undefined): Promise<unknown> {
    return this.call('listKeys', cursor);
  }
}

/** wasi:keyvalue. Whether a bucket is there shows when it is used: opening one asks nobody. */
export function keyvalue(guest: Guest): HostImports {
  return {
    'wasi:keyvalue/store': { Bucket, open: (identifier: string) => new Bucket(guest, identifier) },
    'wasi:keyvalue/atomics': {
      increment: (bucket: Bucket, key: string, delta: bigint) => bucket.call('increment', key, delta),
    },
    'wasi:keyvalue/batch': {
      getMany: (bucket: Bucket, keys: string[]) => bucket.call('getMany', keys),
      setMany: (bucket: Bucket, entries: [string, Uint8Array][]) => bucket.call('setMany', entries),
      deleteMany: (bucket: Bucket, keys: string[]) => bucket.call('deleteMany', keys),
    },
  };
}
