import { availableParallelism } from 'node:os';
import { Backoff } from '../../base/backoff';
import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import type { ActorMetrics } from '../actor-metrics';
import { CallError } from '../call-error';
import type { SecretValues } from '../../lattice/provider-contract';
import { WorkerCalls, type MakeCall } from '../calls/worker-calls';
import type { Connection } from '../http/connection';
import { DirectConnections, type DirectAddress } from './direct-connections';
import type { Permits } from './permits';
import type { Assignment, FromWorker } from './protocol';
import { Slot, type PoolCall } from './slot';
import type { SpareWorker } from './spare';
import { Turns } from './turns';

/** A worker that lived so long has proved itself: the next loss is the first again. */
const provenMs = 30_000;
/** How long requests of a worker that is not needed may go on. */
const retireMs = 30_000;
/** Share of its time that a worker is busy from which on another one helps. */
const busyShare = 0.7;

/**
 * The workers of one actor: none while nobody calls, more while all are busy, never more than there are cores or instances, not counting those
 * that a guest holds. Lost workers are replaced, with back-off when that happens again and again.
 */
export class WorkerPool {
  private readonly slots: Slot[] = [];
  private readonly direct: DirectConnections;
  private readonly turns: Turns<PoolCall>;
  private readonly backoff = new Backoff({ minMs: 200, maxMs: 30_000 });
  private readonly watchdog: NodeJS.Timeout;
  private restartTimer: NodeJS.Timeout | undefined;
  private recentLosses = 0;
  /** Not before this time is another worker added. */
  private widenFrom = 0;
  private stopping = false;
  /** Whether there is no worker as nobody has called for a while. */
  private asleep = false;
  private onIdle: (() => void) | undefined;

  constructor(
    private assignment: Assignment,
    private readonly permits: Permits,
    private readonly spare: SpareWorker,
    private readonly metrics: ActorMetrics,
    private readonly log: Logger,
    private readonly makeCall: MakeCall,
    /** How long a worker is kept without work, in milliseconds. */
    private readonly idleMs: number,
  ) {
    this.turns = new Turns(
      permits,
      (call) => this.begin(call),
      () => this.leastBusy() !== undefined || this.lack(),
    );
    this.direct = new DirectConnections(this.slots, () => this.lack(), log);
    const interval = Math.min(500, Math.max(20, assignment.executionTimeMs / 4));
    this.watchdog = setInterval(() => this.watch(), interval).unref();
  }

  /** Whether calls are served: by a worker, or by one that the next call wakes. */
  get ready(): boolean {
    return this.asleep || this.slots.some(({ ready }) => ready);
  }

  /** How many calls wait for their turn, wherever they were accepted. */
  get waiting(): number {
    return this.slots.reduce((sum, { worker }) => sum + worker.state.waiting, this.turns.waitingCount);
  }

  /** How many workers there are. */
  get size(): number {
    return this.slots.length;
  }

  /** Starts the first worker; rejects with what keeps it from serving. */
  async start(): Promise<void> {
    // Without instances there is nothing to run, but a component that cannot run is told all the same.
    await this.add();
    if (this.permits.limit === 0) this.resize(0);
  }

  /** Runs a call now, later, or fails it. */
  run(call: PoolCall): void {
    if (this.stopping) return call.fail(new CallError('NotServing', 'The actor is stopping'));
    this.turns.enter(call);
  }

  /** Takes back a call that waits, as nobody wants its answer any more. */
  withdraw(call: PoolCall): void {
    this.turns.withdraw(call);
  }

  /** Changes how many calls are served at once. */
  resize(instances: number): void {
    this.permits.limit = instances;
    if (instances === 0) for (const slot of [...this.slots]) void this.retire(slot);
    else if (this.slots.length === 0) this.replace(0);
    this.turns.pump();
  }

  configure(config: Readonly<Record<string, string>>, secrets: SecretValues): void {
    this.assignment = { ...this.assignment, config, secrets };
    for (const { worker } of this.slots) worker.send(['config', config, secrets]);
  }

  /** Lets the workers serve connections themselves; `giveBack` is given those that none of them took after all. */
  listen(giveBack: (connection: Connection) => void): DirectAddress {
    return this.direct.listen(giveBack);
  }

  /** Takes no more calls, lets those that it has taken end for as long as `graceMs`, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    // Nothing that waits could begin any more.
    const stopped = new CallError('NotServing', 'The actor is stopped');
    if (!this.ready || this.permits.limit === 0) this.turns.failAll(stopped);
    await Promise.all([this.direct.close(graceMs), this.idle(graceMs)]);
    this.turns.failAll(stopped);
    clearInterval(this.watchdog);
    for (const slot of [...this.slots]) {
      slot.account(this.metrics);
      slot.worker.terminate(new Error('Actor stopped'));
    }
  }

  private idle(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.isIdle()) return resolve();
      const timer = setTimeout(resolve, graceMs);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private isIdle(): boolean {
    return this.turns.waitingCount === 0 && this.slots.every(({ calls }) => calls.size === 0);
  }

  private begin(call: PoolCall): void {
    // There was one when the turn came.
    this.leastBusy()?.begin(call);
    if (this.slots.every(({ ready, calls }) => ready && calls.size > 0)) this.widen();
  }

  private leastBusy(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.ready && slot.worker.responsive && (best === undefined || slot.calls.size < best.calls.size))
        best = slot;
    }
    return best;
  }

  /** No worker can take a call: sees to it that one will. */
  private lack(): false {
    if (this.slots.length === 0) this.replace(0);
    else this.widen();
    return false;
  }

  /** Adds a worker, if the machine has cores to spare and the actor instances. */
  private widen(): void {
    const { taken, limit } = this.permits;
    const most = Math.min(limit, availableParallelism());
    const able = this.slots.filter(({ worker }) => worker.responsive);
    if (taken >= limit || able.length >= most || this.slots.length >= 2 * most || this.stopping) return;
    if (performance.now() < this.widenFrom || this.slots.some(({ ready }) => !ready)) return;
    this.add().catch((error: unknown) => {
      this.widenFrom = performance.now() + provenMs;
      this.log.warn({ error: messageOf(error) }, 'Worker failed to start');
    });
  }

  private async add(): Promise<void> {
    const worker = this.spare.take();
    const outgoing = new WorkerCalls(this.makeCall, (message, transfer) => worker.send(message, transfer));
    const slot = new Slot(worker, outgoing);
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
    this.asleep = false;
    void this.direct.join(slot);
    this.turns.pump();
  }

  private receive(slot: Slot, message: FromWorker): void {
    switch (message[0]) {
      case 'log':
        return this.log[message[1]]({ context: message[3] }, message[2]);
      case 'connected':
      case 'unlistened':
        return this.direct.receive(slot, message);
      case 'invoke':
      case 'forget':
      case 'flow':
      case 'flow-end':
      case 'flow-took':
        return slot.outgoing.receive(message);
      case 'ready':
      case 'prepared':
      case 'failed':
        return;
      default:
        if (slot.receive(message)) this.ended(slot);
    }
  }

  /** A call of ours has ended. */
  private ended(slot: Slot): void {
    this.turns.leave();
    if (slot.calls.size === 0 && this.permits.limit === 0) void this.retire(slot);
    if (this.isIdle()) this.onIdle?.();
  }

  private lost(slot: Slot, cause: Error): void {
    const wasOurs = this.remove(slot);
    slot.outgoing.abort(cause);
    slot.account(this.metrics);
    this.permits.giveBack(slot.worker.state.directCalls);
    this.direct.lost(slot);
    if (!wasOurs || !slot.ready) return;
    // Those of a worker that we ended ourselves have been answered.
    if (!slot.ending) this.metrics.calls.WorkerLost.inc(slot.worker.state.directCalls);
    const failed = slot.failAll(cause, this.assignment.executionTimeMs);
    for (let i = 0; i < failed; i++) this.ended(slot);
    if (this.stopping || this.permits.limit === 0) return;
    this.metrics.restarts[cause instanceof CallError ? 'DeadlineExceeded' : 'Crashed'].inc();
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
      if (this.slots.length > 0 || this.permits.limit === 0) return;
      this.add().catch((error: unknown) => {
        this.asleep = false;
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
    for (const slot of [...this.slots]) {
      slot.account(this.metrics);
      // A worker that still turns ends overdue calls itself: what is this late holds its thread.
      if (slot.worker.busyForMs() > executionTimeMs + Math.max(50, executionTimeMs / 10)) this.endStuck(slot);
      else if (slot.idleForMs() > this.idleMs) void this.retire(slot);
    }
    const busy = this.slots.filter((slot) => slot.busyShare() > busyShare);
    if (this.direct.wanted && busy.length > 0 && busy.length === this.slots.length) this.widen();
  }

  private endStuck(slot: Slot): void {
    const { executionTimeMs } = this.assignment;
    if (slot.ending) return;
    slot.ending = true;
    const failures = slot.answerHeld(executionTimeMs);
    for (const reason of failures) this.metrics.calls[reason].inc();
    slot.worker.terminate(
      new CallError(
        'DeadlineExceeded',
        `A call took longer than spec.limits.executionTimeMs of ${executionTimeMs}`,
        'Raise the limit, or make the component faster',
      ),
    );
  }

  /** Ends a worker that is not needed, if it has no calls. */
  private async retire(slot: Slot): Promise<void> {
    if (!slot.ready || slot.calls.size > 0 || !this.remove(slot)) return;
    this.asleep = this.slots.length === 0 && this.permits.limit > 0;
    await this.direct.release(slot, retireMs);
    slot.worker.terminate(new Error('Worker is not needed'));
  }
}
