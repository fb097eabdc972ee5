import type { KubeObject, ResourceType } from '../api/resource';
import { Backoff } from '../base/backoff';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { counter, gauge } from '../base/metrics';
import { sleep } from '../base/sleep';
import { ApiError } from './api-error';
import type { KubeClient, Selection } from './client';
import { keyOf } from './key';
import { type IndexFunction, Store } from './store';
import { watch } from './watch';

export interface ReflectorOptions<T> extends Selection {
  /** Named indexes for {@link Reflector.by}. */
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** Shortest life that the server is asked to give a watch; up to a tenth is added at random. @default 290 */
  readonly watchSeconds?: number;
  /** How much longer than that the server may be silent before the connection is given up. @default 15000 */
  readonly idleSlackMs?: number;
  /** For how long the watch reads nothing after each read, in milliseconds: for what changes often and is not urgent. @default 0 */
  readonly pauseMs?: number;
  /** Delays between failures. @default 500 ms to 30 s with jitter */
  readonly backoff?: Backoff;
}

/** A change of the mirrored set. A `DELETED` object is the last known state. */
export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
  readonly old?: T;
}

export type Subscriber<T> = (change: Change<T>) => void;

/** A watch that lived this long is no sign of trouble, however it ended. */
const healthyMs = 5_000;

const relists = counter('kube_relists_total', 'Times that a kind was listed in full', ['kind']);
const errors = counter('kube_watch_errors_total', 'Failed lists and watches', ['kind']);
const activity = gauge(
  'kube_watch_activity_timestamp_seconds',
  'When a watch last brought an event or a bookmark, as Unix time',
  ['kind'],
);

/**
 * Mirrors a set of objects in memory: lists them, watches for changes and never gives up. After any failure it continues where
 * it was, or lists again when the server no longer knows that place, and then reports what disappeared meanwhile.
 *
 * Objects are shared by all readers: treat them as read-only. `metadata.managedFields` is dropped, nobody reads it from here.
 */
export class Reflector<T extends KubeObject> {
  private readonly store: Store<T>;
  private readonly subscribers = new Set<Subscriber<T>>();
  private readonly stopping = new AbortController();
  private readonly backoff: Backoff;
  private readonly firstList: Promise<void>;
  private markSynced!: () => void;
  private listed = false;
  private running: Promise<void> | undefined;
  private liveSince: number | undefined;

  constructor(
    private readonly client: KubeClient,
    readonly type: ResourceType<T>,
    private readonly options: ReflectorOptions<T> = {},
  ) {
    this.store = new Store(options.indexes);
    this.backoff = options.backoff ?? new Backoff();
    this.firstList = new Promise((resolve) => (this.markSynced = resolve));
  }

  /** Begins to mirror; a second call does nothing. */
  start(): void {
    this.running ??= this.run(this.stopping.signal);
  }

  /** Resolves when the set has been listed for the first time; rejects when the reflector stops or `signal` aborts before. */
  async synced(signal?: AbortSignal): Promise<void> {
    const gaveUp = AbortSignal.any([this.stopping.signal, ...(signal === undefined ? [] : [signal])]);
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(gaveUp.reason as Error);
      if (gaveUp.aborted) return onAbort();
      gaveUp.addEventListener('abort', onAbort, { once: true });
      void this.firstList.then(() => {
        gaveUp.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** Whether the set has been listed once. */
  get hasSynced(): boolean {
    return this.listed;
  }

  /** Ends the mirroring for good; the objects stay readable. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error(`The reflector of ${this.type.plural} was stopped`));
    await this.running;
    this.liveSince = undefined;
  }

  /**
   * Since when, by `performance.now()`, changes have arrived without interruption; undefined while they do not. Who concludes
   * something from the absence of changes must wait from then on.
   */
  get connectedSince(): number | undefined {
    return this.liveSince;
  }

  get size(): number {
    return this.store.size;
  }

  /** The object of a key, `namespace/name` or `name`. */
  get(key: string): T | undefined {
    return this.store.get(key);
  }

  list(): T[] {
    return this.store.list();
  }

  /** The objects whose index `index` has `value`. */
  by(index: string, value: string): T[] {
    return this.store.by(index, value);
  }

  /** Calls `subscriber` at every change from now on; returns the function that ends this. */
  subscribe(subscriber: Subscriber<T>): () => void {
    this.subscribers.add(subscriber);
    return () => void this.subscribers.delete(subscriber);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const kind = this.type.plural;
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      let failed = false;
      let since = performance.now();
      try {
        resourceVersion ??= await this.relist(signal);
        since = performance.now();
        for await (const { type, object } of this.watch(resourceVersion, signal)) {
          activity.set({ kind }, Date.now() / 1000);
          if (type === 'DELETED') this.remove(object);
          else if (type !== 'BOOKMARK') this.keep(object);
          resourceVersion = object.metadata.resourceVersion;
        }
      } catch (error) {
        if (signal.aborted) return;
        failed = true;
        this.liveSince = undefined;
        errors.inc({ kind });
        if (mustRelist(error)) resourceVersion = undefined;
        log.warn({ kind, error: messageOf(error), relist: resourceVersion === undefined }, 'Watch failed');
      }
      const healthy = performance.now() - since >= healthyMs;
      if (healthy) this.backoff.reset();
      // Also a server that accepts and closes at once, without an error, must not be dialled without pause.
      if (failed || !healthy) await pause(this.backoff.next(), signal);
    }
  }

  private watch(resourceVersion: string, signal: AbortSignal): ReturnType<typeof watch<T>> {
    const { watchSeconds = 290, idleSlackMs } = this.options;
    return watch(this.client, this.type, {
      ...this.options,
      resourceVersion,
      // Spread, so that many watches begun together do not end together for ever after.
      timeoutSeconds: Math.ceil(watchSeconds * (1 + Math.random() / 10)),
      ...(idleSlackMs !== undefined && { idleSlackMs }),
      signal,
      onOpen: () => (this.liveSince ??= performance.now()),
    });
  }

  private async relist(signal: AbortSignal): Promise<string> {
    const { namespace, labelSelector, fieldSelector } = this.options;
    const selection = { namespace, labelSelector, fieldSelector, signal };
    const { items, resourceVersion } = await this.client.list(this.type, selection);
    relists.inc({ kind: this.type.plural });
    activity.set({ kind: this.type.plural }, Date.now() / 1000);
    const gone = new Set(this.store.keys());
    for (const object of items) gone.delete(keyOf(object));
    for (const key of gone) {
      const object = this.store.delete(key);
      if (object !== undefined) this.emit({ type: 'DELETED', object });
    }
    for (const object of items) this.keep(object);
    this.listed = true;
    this.markSynced();
    return resourceVersion;
  }

  private keep(object: T): void {
    delete object.metadata.managedFields;
    const old = this.store.set(object);
    if (old === undefined) this.emit({ type: 'ADDED', object });
    else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.emit({ type: 'MODIFIED', object, old });
    }
  }

  private remove(object: T): void {
    delete object.metadata.managedFields;
    if (this.store.delete(keyOf(object)) !== undefined) this.emit({ type: 'DELETED', object });
  }

  private emit(change: Change<T>): void {
    for (const subscriber of this.subscribers) {
      try {
        subscriber(change);
      } catch (error) {
        log.error(
          { kind: this.type.plural, object: keyOf(change.object), error: messageOf(error) },
          'Subscriber failed',
        );
      }
    }
  }
}

/** Whether the place of the watch is lost, so that only a list can help. An overloaded or restarting server still knows it. */
function mustRelist(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status } = error;
  return status !== 401 && status !== 429 && (status < 500 || status === 504);
}

/** Sleeps, or returns early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
