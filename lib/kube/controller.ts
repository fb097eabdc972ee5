import { setMaxListeners } from 'node:events';
import type { KubeObject } from '../api/resource';
import { TerminalError, messageOf } from '../base/errors';
import { type Logger, log } from '../base/log';
import { counter, gauge, histogram } from '../base/metrics';
import { inSpan } from '../base/tracing';
import { isApiError } from './api-error';
import { withDeadline } from './deadline';
import { keyOf } from './key';
import type { Reflector } from './reflector';
import { WorkQueue } from './work-queue';

/** Objects whose changes make keys worth a pass. */
export interface Watch<T extends KubeObject> {
  readonly reflector: Reflector<T>;
  /** The keys to reconcile when `object` is added, changed (then `old` is what it was) or deleted. @default the object's own */
  readonly map?: (object: T, old?: T) => readonly string[];
  /** How long a pass may wait for more changes, so that a burst of them is one pass. @default 0 */
  readonly delayMs?: number;
}

export interface Result {
  /** Another pass after this delay, even if nothing changes; without it none, whatever earlier passes asked for. */
  readonly requeueAfterMs?: number | undefined;
}

/**
 * Makes the world match the objects of one key, whatever happened before: it is told nothing about what changed. It must be
 * idempotent and stop soon after `signal` aborts. Throwing means another try later, a TerminalError none until something changes.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result | void>;

export interface ControllerOptions<T extends readonly KubeObject[]> {
  /** Name in logs and metrics. */
  readonly name: string;
  readonly watches: readonly [...{ [K in keyof T]: Watch<T[K]> }];
  readonly reconcile: Reconcile;
  /** Keys reconciled at a time. @default 4 */
  readonly workers?: number;
  /** Longest pass in milliseconds; then its signal aborts. @default 60000 */
  readonly timeoutMs?: number;
  /** @default a new queue */
  readonly queue?: WorkQueue;
}

const depth = gauge('controller_queue_depth', 'Keys that wait for a pass', ['controller']);
const waited = histogram('controller_queue_seconds', 'How long keys waited for a pass', ['controller']);
const took = histogram('controller_reconcile_seconds', 'How long passes took', ['controller']);
const failed = counter('controller_errors_total', 'Passes that failed', ['controller', 'kind']);

/**
 * Runs `reconcile` for every key that the watched objects map to: once for each after the start, and again after changes. The
 * reflectors belong to the caller, who starts and stops them.
 */
export class Controller<const T extends readonly KubeObject[] = readonly KubeObject[]> {
  private readonly log: Logger;
  private readonly queue: WorkQueue;
  private readonly stopping = new AbortController();
  private readonly attach: (() => () => void)[];
  private readonly synced: ((signal: AbortSignal) => Promise<void>)[];
  private readonly options: Omit<ControllerOptions<readonly []>, 'watches'>;
  private running: Promise<void> | undefined;

  constructor(options: ControllerOptions<T>) {
    this.options = options;
    this.log = log.child({ controller: options.name });
    this.queue = options.queue ?? new WorkQueue();
    // Every pass under way listens: any number of them is no leak.
    setMaxListeners(0, this.stopping.signal);
    const watches = options.watches as readonly Watch<T[number]>[];
    this.attach = watches.map((watch) => () => this.follow(watch));
    this.synced = watches.map(
      ({ reflector }) =>
        (signal) =>
          reflector.synced(signal),
    );
  }

  /** Begins once all reflectors have synced; a second call does nothing. */
  start(): void {
    this.running ??= this.run(this.stopping.signal);
  }

  /** Ends for good: aborts the passes under way and waits for them. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error(`The controller ${this.options.name} was stopped`));
    this.queue.close();
    await this.running;
    depth.set({ controller: this.options.name }, 0);
  }

  /** Asks for a pass of one key. */
  enqueue(key: string): void {
    this.queue.add(key);
    depth.set({ controller: this.options.name }, this.queue.depth);
  }

  /** Asks for a pass of one key after a delay; of several delays the shortest counts. */
  enqueueAfter(key: string, ms: number): void {
    this.queue.addAfter(key, ms);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const detach = this.attach.map((attach) => attach());
    try {
      await Promise.all(this.synced.map((synced) => synced(signal)));
      await Promise.all(Array.from({ length: this.options.workers ?? 4 }, () => this.work()));
    } catch (error) {
      // Only `synced` rejects, and only because this controller or a reflector was stopped.
      if (!signal.aborted) this.log.error({ error: messageOf(error) }, 'Controller ended');
    } finally {
      for (const end of detach) end();
    }
  }

  private follow<O extends KubeObject>({
    reflector,
    map = (object) => [keyOf(object)],
    delayMs = 0,
  }: Watch<O>): () => void {
    const enqueue = (object: O, old?: O): void => {
      for (const key of map(object, old)) {
        if (delayMs > 0) this.queue.addAfter(key, delayMs);
        else this.enqueue(key);
      }
    };
    const end = reflector.subscribe(({ object, old }) => enqueue(object, old));
    for (const object of reflector.list()) enqueue(object);
    return end;
  }

  private async work(): Promise<void> {
    const controller = this.options.name;
    for (let item = await this.queue.next(); item !== undefined; item = await this.queue.next()) {
      depth.set({ controller }, this.queue.depth);
      waited.observe({ controller }, item.waitedMs / 1000);
      const startedAt = performance.now();
      await this.pass(item.key);
      took.observe({ controller }, (performance.now() - startedAt) / 1000);
      this.queue.done(item.key);
    }
  }

  private async pass(key: string): Promise<void> {
    const { reconcile, timeoutMs = 60_000, name: controller } = this.options;
    const stopping = this.stopping.signal;
    try {
      const attributes = { 'kasmcloud.controller': controller, 'kasmcloud.object': key };
      const result = await inSpan(`reconcile ${controller}`, { attributes }, () =>
        withDeadline(timeoutMs, `The pass took longer than ${timeoutMs / 1000} s`, stopping, (signal) =>
          reconcile(key, signal),
        ),
      );
      this.queue.settle(key, result?.requeueAfterMs);
    } catch (error) {
      if (!stopping.aborted) this.fail(key, error, controller);
    }
  }

  private fail(key: string, error: unknown, controller: string): void {
    if (error instanceof TerminalError) {
      failed.inc({ controller, kind: 'terminal' });
      this.queue.settle(key);
      this.log.error(
        { object: key, reason: error.reason, error: messageOf(error) },
        'Gave up until a change',
      );
      return;
    }
    const retryInMs = this.queue.retry(key);
    // Somebody else wrote first: the next pass sees what.
    const conflict = isApiError(error, 409);
    failed.inc({ controller, kind: conflict ? 'conflict' : 'error' });
    this.log[conflict ? 'debug' : 'warn']({ object: key, retryInMs, error: messageOf(error) }, 'Pass failed');
  }
}
