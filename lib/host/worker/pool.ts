import { availableParallelism } from 'node:os';
import { Backoff } from '../../base/backoff';
import { messageOf } from '../../base/errors';
import type { Logger } from '../../base/log';
import type { ActorMetrics } from '../actor-metrics';
import { CallError, callOutcomes } from '../call-error';
import { WorkerCalls, type MakeCall } from '../calls/worker-calls';
import { DirectAddress, type OnCovered } from './direct-address';
import type { Permits } from './permits';
import type { Assignment, FromWorker } from './protocol';
import { Slot, type PoolCall } from './slot';
import type { SpareWorker } from './spare';
import { Turns } from './turns';

/** A worker that lived so long has proved itself: the next loss is the first again. */
const provenMs = 30_000;
/** How long a worker beyond the first is kept without work. */
const idleMs = 60_000;
/** How long requests of a worker that is not needed may go on. */
const retireMs = 30_000;
/** Share of its time that a worker is busy from which on another one helps. */
const busyShare = 0.7;

/**
 * The workers of one actor: one at least, more while all are busy, never more than there are cores or instances. Lost workers are replaced,
 * with back-off when that happens again and again.
 */
export class WorkerPool {
  private readonly slots: Slot[] = [];
  private readonly addresses = new Map<number, DirectAddress>();
  private readonly turns: Turns<PoolCall>;
  private readonly backoff = new Backoff({ minMs: 200, maxMs: 30_000 });
  private readonly watchdog: NodeJS.Timeout;
  private nextAddress = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private recentLosses = 0;
  /** Not before this time is another worker added. */
  private widenFrom = 0;
  private stopping = false;
  private onIdle: (() => void) | undefined;

  constructor(
    private assignment: Assignment,
    private readonly permits: Permits,
    private readonly spare: SpareWorker,
    private readonly metrics: ActorMetrics,
    private readonly log: Logger,
    private readonly makeCall: MakeCall,
  ) {
    this.turns = new Turns(
      permits,
      (call) => this.begin(call),
      () => this.leastBusy() !== undefined,
    );
    const interval = Math.min(500, Math.max(20, assignment.executionTimeMs / 4));
    this.watchdog = setInterval(() => this.watch(), interval).unref();
  }

  /** Whether a worker can serve now. */
  get ready(): boolean {
    return this.slots.some(({ ready }) => ready);
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

  configure(config: Readonly<Record<string, string>>): void {
    this.assignment = { ...this.assignment, config };
    for (const { worker } of this.slots) worker.send(['config', config]);
  }

  /** Lets the workers accept connections themselves, beside whoever else shares the address. */
  listen(host: string, port: number, onCovered: OnCovered): { close(graceMs: number): Promise<void> } {
    const address = new DirectAddress(this.nextAddress++, host, port, onCovered);
    this.addresses.set(address.id, address);
    for (const { worker, ready } of this.slots) if (ready) address.add(worker);
    return {
      close: async (graceMs) => {
        await address.close(graceMs);
        this.addresses.delete(address.id);
      },
    };
  }

  /** Takes no more calls, lets those that it has taken end for as long as `graceMs`, then ends the workers. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    // Nothing that waits could begin any more.
    const stopped = new CallError('NotServing', 'The actor is stopped');
    if (!this.ready || this.permits.limit === 0) this.turns.failAll(stopped);
    await Promise.all([
      ...[...this.addresses.values()].map((address) => address.close(graceMs)),
      this.idle(graceMs),
    ]);
    this.turns.failAll(stopped);
    clearInterval(this.watchdog);
    for (const slot of [...this.slots]) {
      this.account(slot);
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
    this.metrics.inFlight.set(this.permits.taken);
    if (this.slots.every(({ ready, calls }) => ready && calls.size > 0)) this.widen();
  }

  private leastBusy(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.ready && (best === undefined || slot.calls.size < best.calls.size)) best = slot;
    }
    return best;
  }

  /** Adds a worker, if the machine has cores to spare and the actor instances. */
  private widen(): void {
    if (this.slots.length >= Math.min(this.permits.limit, availableParallelism())) return;
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
    for (const address of this.addresses.values()) address.add(worker);
    this.turns.pump();
  }

  private receive(slot: Slot, message: FromWorker): void {
    switch (message[0]) {
      case 'log':
        return this.log[message[1]]({ context: message[3] }, message[2]);
      case 'listening':
        if (message[2] === undefined) this.addresses.get(message[1])?.listening(slot.worker);
        else this.log.warn({ error: message[2] }, 'Worker could not listen');
        return;
      case 'unlistened':
        return this.addresses.get(message[1])?.gone(slot.worker);
      case 'invoke':
      case 'forget':
      case 'flow':
      case 'flow-end':
      case 'flow-took':
        return slot.outgoing.receive(message);
      case 'ready':
      case 'failed':
        return;
      default:
        if (slot.receive(message)) this.ended(slot);
    }
  }

  /** A call of ours has ended. */
  private ended(slot: Slot): void {
    this.turns.leave();
    this.metrics.inFlight.set(this.permits.taken);
    if (slot.calls.size === 0 && this.permits.limit === 0) void this.retire(slot);
    if (this.isIdle()) this.onIdle?.();
  }

  private lost(slot: Slot, cause: Error): void {
    slot.outgoing.abort(cause);
    if (!this.remove(slot)) return;
    this.account(slot);
    this.permits.giveBack(slot.worker.state.directCalls);
    for (const address of this.addresses.values()) address.gone(slot.worker);
    if (!slot.ready) return;
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
      this.account(slot);
      // A worker that still turns ends overdue calls itself: what is this late holds its thread.
      if (slot.worker.busyForMs() > executionTimeMs + Math.max(50, executionTimeMs / 10))
        void this.endStuck(slot);
      else if (this.slots.length > 1 && slot.idleForMs() > idleMs) void this.retire(slot);
    }
    this.metrics.inFlight.set(this.permits.taken);
    if (this.addresses.size > 0 && this.slots.every((slot) => slot.busyShare() > busyShare)) this.widen();
  }

  private async endStuck(slot: Slot): Promise<void> {
    const { executionTimeMs } = this.assignment;
    if (slot.ending) return;
    slot.ending = true;
    await Promise.all([...this.addresses.values()].map((address) => address.without(slot.worker)));
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
    if (slot.calls.size > 0 || !this.remove(slot)) return;
    await Promise.all([...this.addresses.values()].map((address) => address.release(slot.worker, retireMs)));
    slot.worker.terminate(new Error('Worker is not needed'));
  }

  /** Takes over what the worker counted. */
  private account(slot: Slot): void {
    for (const outcome of callOutcomes) {
      const count = slot.newlyEnded(outcome);
      if (count > 0) this.metrics.calls[outcome].inc(count);
    }
  }
}
