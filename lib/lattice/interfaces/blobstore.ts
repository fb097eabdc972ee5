import type { Js, WitType } from '../wrpc/types';
import * as wit from '../wrpc/wit';

const { future, option, result, stream, string, tuple, u64, u8 } = wit;

export const objectId = wit.record({ container: string, object: string });
export type ObjectId = Js<typeof objectId>;
/** Times are in seconds since 1970, as wasmCloud's providers give them: the interface does not say. */
export const containerMetadata = wit.record({ 'created-at': u64 });
export const objectMetadata = wit.record({ 'created-at': u64, size: u64 });

const name = ['name', string] as const;
const id = ['id', objectId] as const;
const copy = [
  ['src', objectId],
  ['dest', objectId],
] as const;
const done = result(null, string);

/** What the two versions share: all that does not stream. */
const plain = {
  'clear-container': wit.func([name], done),
  'container-exists': wit.func([name], result(wit.bool, string)),
  'create-container': wit.func([name], done),
  'delete-container': wit.func([name], done),
  'get-container-info': wit.func([name], result(containerMetadata, string)),
  'copy-object': wit.func(copy, done),
  'delete-object': wit.func([id], done),
  'delete-objects': wit.func(
    [
      ['container', string],
      ['objects', wit.list(string)],
    ],
    done,
  ),
  'get-object-info': wit.func([id], result(objectMetadata, string)),
  'has-object': wit.func([id], result(wit.bool, string)),
  'move-object': wit.func(copy, done),
};

const listParams = [name, ['limit', option(u64)], ['offset', option(u64)]] as const;
const getParams = [id, ['start', u64], ['end', u64]] as const;
const writeParams = [id, ['data', stream(u8)]] as const;

/** A stream, and whether it was complete. */
const checked = <W extends WitType>(element: W) => tuple(stream(element), future(done));

/** `wasi:blobstore/*` to components. */
export const blobstore = wit.iface('wrpc:blobstore/blobstore@0.2.0', {
  ...plain,
  'list-container-objects': wit.func(listParams, result(checked(string), string)),
  'get-container-data': wit.func(getParams, result(checked(u8), string)),
  'write-container-data': wit.func(writeParams, result(future(done), string)),
});

/** The version that hosts fall back to when nobody serves {@link blobstore}. */
export const blobstore010 = wit.iface('wrpc:blobstore/blobstore@0.1.0', {
  ...plain,
  'list-container-objects': wit.func(listParams, result(stream(string), string)),
  'get-container-data': wit.func(getParams, result(stream(u8), string)),
  'write-container-data': wit.func(writeParams, done),
});
