export { ApiError, type ApiErrorCause, ConnectionError, isApiError } from './api-error';
export {
  type Applied,
  type ApplyOptions,
  type CallOptions,
  type DeleteOptions,
  type JsonPatchOperation,
  KubeClient,
  type ListOptions,
  type ObjectList,
  type Patch,
  type Selection,
  type Table,
  type WriteOptions,
} from './client';
export { type Connection, type ConnectionOptions, type Credentials, loadConnection } from './connection';
export { keyOf, parseKey } from './key';
export { type Change, Reflector, type ReflectorOptions, type Subscriber } from './reflector';
export { Store } from './store';
export { watch, type WatchEvent, type WatchOptions } from './watch';
