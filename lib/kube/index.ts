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
export { ensureNamespace } from './namespace';
export { type Change, Reflector, type ReflectorOptions, type Subscriber } from './reflector';
export { Store } from './store';
export { watch, type WatchEvent, type WatchOptions } from './watch';
export { type Clock, monotonicClock } from './clock';
export { Controller, type ControllerOptions, type Reconcile, type Result, type Watch } from './controller';
export { withDeadline } from './deadline';
export { EventRecorder, type EventRecorderOptions, type EventText } from './event-recorder';
export { ensureFinalizer, removeFinalizer } from './finalizer';
export { type Lead, LeaderElector, type LeaderElectorOptions } from './leader-elector';
export { LeaseKeeper, type LeaseKeeperOptions } from './lease-keeper';
export { applyStatus, covers, type WithStatus } from './status';
export { WorkQueue, type WorkQueueOptions } from './work-queue';
