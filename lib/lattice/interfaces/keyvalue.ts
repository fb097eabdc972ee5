import * as wit from '../wrpc/wit';

const { list, option, result, string, tuple, u64, u8 } = wit;

export const storeError = wit.variant({ 'no-such-store': null, 'access-denied': null, other: string });
const keyResponse = wit.record({ keys: list(string), cursor: option(u64) });
const bytes = list(u8);

const bucket = ['bucket', string] as const;
const key = ['key', string] as const;
const keys = ['keys', list(string)] as const;

/** `wasi:keyvalue/store` to components; the bucket is the first parameter of each function. */
export const store = wit.iface('wrpc:keyvalue/store@0.2.0-draft', {
  get: wit.func([bucket, key], result(option(bytes), storeError)),
  set: wit.func([bucket, key, ['value', bytes]], result(null, storeError)),
  delete: wit.func([bucket, key], result(null, storeError)),
  exists: wit.func([bucket, key], result(wit.bool, storeError)),
  'list-keys': wit.func([bucket, ['cursor', option(u64)]], result(keyResponse, storeError)),
});

/** `wasi:keyvalue/atomics` to components. */
export const atomics = wit.iface('wrpc:keyvalue/atomics@0.2.0-draft', {
  increment: wit.func([bucket, key, ['delta', u64]], result(u64, storeError)),
});

/** `wasi:keyvalue/batch` to components. */
export const batch = wit.iface('wrpc:keyvalue/batch@0.2.0-draft', {
  'get-many': wit.func([bucket, keys], result(list(option(tuple(string, bytes))), storeError)),
  'set-many': wit.func([bucket, ['key-values', list(tuple(string, bytes))]], result(null, storeError)),
  'delete-many': wit.func([bucket, keys], result(null, storeError)),
});

/** `wasi:keyvalue/watcher`, which components export and key-value providers call. */
export const watcher = wit.iface('wrpc:keyvalue/watcher@0.2.0-draft', {
  'on-set': wit.func([bucket, key, ['value', bytes]]),
  'on-delete': wit.func([bucket, key]),
});
