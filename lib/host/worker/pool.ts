import { availableParallelism } from 'node:os';
import { Backoff } from '../../base/backoff';
import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import type { ActorMetrics } from '../actor-metrics';
import { CallError } from '../call-error';
import type { GuestWorker } from './guest-worker';
import type { Assignment, FromWorker, ToWorker } from './protocol';
import type { SpareWorker } from './spare';

/** Longest time that a call waits for its turn. */
const queueMs = 10_000;
/** A worker that lived so long has proved itself: the next loss is the first again. */
const provenMs = 30_000;
/** How long a worker beyond the first is kept without work. */
const idleMs = 60_000;

/** A call as the pool sees it. */
export interface PoolCall {
  /** It is its turn: messages with this id go to its worker. */
  start(id: number, send: (message: ToWorker, transfer?: ArrayBuffer[]) => void): void;
  receive(message: FromWorker): void;
  /** It will get no more messages. */
  fail(error: CallError): void;
}

interface Slot {
  readonly worker: GuestWorker;
  readonly calls: Map<number, { readonly call: PoolCall; readonly since: number }>;
  readonly startedAt: number;
  ready: boolean;
  usedAt: number;
}

/**
 * The workers of one actor: one at least, more while all are busy, never more than there are cores or instances. Lost workers are replaced,
 * with back-off when that happens again and again.
 */
export class WorkerPool {
  private readonly slots: Slot[] = [];
  /** Calls that wait for their turn, oldest first, with the timer that ends their patience. */
  private readonly queue = new Map<PoolCall, NodeJS.Timeout>();
  private readonly backoff = new Backoff({ minMs: 200, maxMs: 30_000 });
  private readonly watchdog: NodeJS.Timeout;
  private inFlight = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private recentLosses = 0;
  /** Not before this time is another worker added. */
  private widenFrom = 0;
  private stopping = false;
  private onIdle: (() => void) | undefined;

  constructor(
    private assignment: Assignment,
    private instances: number,
    private readonly spare: SpareWorker,
    private readonly metrics: ActorMetrics,
    private readonly log: Logger,
  ) {
    const interval = Math.min(500, Math.max(20, assignment.executionTimeMs / 4));
    this.watchdog = setInterval(() => this.watch(), interval).unref();
  }

  /** Whether a worker can serve now. */
  get ready(): boolean {
    return this.slots.some(({ ready }) => ready);
  }

  /** Starts the first worker; rejects with what keeps it from serving. */
  async start(): Promise<void> {
    if (this.instances > 0) await this.add();
  }

  /** Runs a call now, later, or fails it. */
  run(call: PoolCall): void {
    if (this.stopping || this.instances === 0) {
      return call.fail(new CallError('NotServing', 'The actor is stopped or has no instances'));
    }
    const slot = this.inFlight < this.instances ? this.leastBusy() : undefined;
    if (slot !== undefined) return this.begin(slot, call);
    if (this.queue.size >= Math.max(64, Math.min(this.instances * 2, 1024))) {
      return call.fail(overloaded(`more than ${this.queue.size} calls wait`));
    }
    const giveUp = (): void => {
      this.queue.delete(call);
      call.fail(overloaded(`no instance was free within ${queueMs} ms`));
    };
    this.queue.set(call, setTimeout(giveUp, queueMs));
  }

  /** Takes back a call that waits, as nobody wants its answer any more. */
  withdraw(call: PoolCall): void {
    clearTimeout(this.queue.get(call));
    this.queue.delete(call);
  }

  resize(instances: number): void {
    this.instances = instances;
    if (instances === 0) for (const slot of this.slots) this.retireWhenIdle(slot);
    else if (this.slots.length === 0) this.replace(0);
    this.drainQueue();
  }

  configure(config: Readonly<Record<string, string>>): void {
    this.assignment = { ...this.assignment, config };
    for (const { worker } of this.slots) worker.send(['config', config]);
  }

  /** Lets calls end for as long as `graceMs`, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    for (const call of [...this.queue.keys()]) {
      this.withdraw(call);
      call.fail(new CallError('NotServing', 'The actor is stopping'));
    }
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    clearInterval(this.watchdog);
    for (const { worker } of [...this.slots]) worker.terminate(new Error('Actor stopped'));
  }

  private begin(slot: Slot, call: PoolCall): void {
    const { worker } = slot;
    const id = worker.callId();
    slot.calls.set(id, { call, since: performance.now() });
    this.inFlight++;
    this.metrics.inFlight.inc();
    call.start(id, (message, transfer) => worker.send(message, transfer));
    this.widen();
  }

  /** The call's guest has returned, or will never. */
  private end(slot: Slot, id: number): void {
    if (!slot.calls.delete(id)) return;
    this.inFlight--;
    this.metrics.inFlight.dec();
    slot.usedAt = performance.now();
    if (slot.calls.size === 0 && this.instances === 0) this.retireWhenIdle(slot);
    if (this.queue.size > 0) this.drainQueue();
    if (this.inFlight === 0) this.onIdle?.();
  }

  private drainQueue(): void {
    for (const call of this.queue.keys()) {
      const slot = this.inFlight < this.instances ? this.leastBusy() : undefined;
      if (slot === undefined) return;
      this.withdraw(call);
      this.begin(slot, call);
    }
  }

  private leastBusy(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.ready && (best === undefined || slot.calls.size < best.calls.size)) best = slot;
    }
    return best;
  }

  /** Adds a worker while every one has work and the machine has cores to spare. */
  private widen(): void {
    if (this.slots.length >= Math.min(this.instances, availableParallelism())) return;
    if (this.slots.some(({ ready, calls }) => !ready || calls.size === 0)) return;
    if (performance.now() < this.widenFrom) return;
    this.add().catch((error: unknown) => {
      this.widenFrom = performance.now() + provenMs;
      this.log.warn({ error: messageOf(error) }, 'Worker failed to start');
    });
  }

  private async add(): Promise<void> {
    const worker = this.spare.take();
    const now = performance.now();
    const slot: Slot = { worker, calls: new Map(), startedAt: now, ready: false, usedAt: now };
    this.slots.push(slot);
    try {
      await worker.load(this.assignment, {
        message: (message) => this.receive(slot, message),
        ended: (cause) => this.lost(slot, cause),
      });
    } catch (error) {
      this.remove(slot);
      worker.terminate(error as Error);
      throw error;
    }
    slot.ready = true;
    this.drainQueue();
  }

  private receive(slot: Slot, message: FromWorker): void {
    switch (message[0]) {
      case 'log':
        return this.log[message[1]]({ context: message[3] }, message[2]);
      case 'ready':
      case 'failed':
        return;
      default:
    }
    const id = message[1];
    const call = slot.calls.get(id)?.call;
    const over =
      message[0] === 'returned' ||
      message[0] === 'error' ||
      (message[0] === 'response' && message[7]) ||
      (message[0] === 'end' && message[3]);
    call?.receive(message);
    if (over) this.end(slot, id);
  }

  private lost(slot: Slot, cause: Error): void {
    if (!this.remove(slot) || !slot.ready) return;
    const timedOut = cause instanceof CallError;
    for (const [id, { call, since }] of [...slot.calls]) {
      const overdue = timedOut && performance.now() - since >= this.assignment.executionTimeMs;
      this.end(slot, id);
      call.fail(
        overdue ? cause : new CallError('WorkerLost', `The actor's worker ended: ${messageOf(cause)}`),
      );
    }
    if (this.stopping || this.instances === 0) return;
    this.metrics.restarts[timedOut ? 'DeadlineExceeded' : 'Crashed'].inc();
    if (performance.now() - slot.startedAt > provenMs) {
      this.recentLosses = 0;
      this.backoff.reset();
    }
    const delayMs = this.recentLosses++ === 0 ? 0 : this.backoff.next();
    this.log.warn({ cause: messageOf(cause), delayMs: Math.round(delayMs) }, 'Worker ended, replacing it');
    this.replace(delayMs);
  }

  /** Makes sure that there is a worker, trying until there is. */
  private replace(delayMs: number): void {
    if (this.restartTimer !== undefined || this.stopping) return;
    this.restartTimer = setTimeout(() => {
      this.restartTimer = undefined;
      if (this.slots.length > 0 || this.instances === 0) return;
      this.add().catch((error: unknown) => {
        this.log.warn({ error: messageOf(error) }, 'Worker failed to start');
        this.replace(this.backoff.next());
      });
    }, delayMs);
  }

  private remove(slot: Slot): boolean {
    const index = this.slots.indexOf(slot);
    if (index !== -1) this.slots.splice(index, 1);
    return index !== -1;
  }

  private watch(): void {
    const { executionTimeMs } = this.assignment;
    const now = performance.now();
    for (const slot of [...this.slots]) {
      // A worker that still turns ends overdue calls itself: what is this late holds its thread.
      if (slot.worker.busyForMs() > executionTimeMs + Math.max(50, executionTimeMs / 10)) {
        slot.worker.terminate(
          new CallError(
            'DeadlineExceeded',
            `A call took longer than spec.limits.executionTimeMs of ${executionTimeMs}`,
            'Raise the limit, or make the component faster',
          ),
        );
      } else if (this.slots.length > 1 && slot.calls.size === 0 && now - slot.usedAt > idleMs) {
        this.retireWhenIdle(slot);
      }
    }
  }

  private retireWhenIdle(slot: Slot): void {
    if (slot.calls.size > 0) return;
    this.remove(slot);
    slot.worker.terminate(new Error('Worker is not needed'));
  }
}

function overloaded(why: string): CallError {
  return new CallError('Overloaded', `The actor is overloaded: ${why}`, 'Raise spec.instances or add hosts');
}
