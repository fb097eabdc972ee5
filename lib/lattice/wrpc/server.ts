import type { Msg, Subscription } from 'nats';
import { messageOf } from '../../base/errors';
import { within } from '../../base/sleep';
import type { LatticeConnection } from '../connection';
import { wrpcQueue, wrpcSubject } from '../subjects';
import { type Limits, defaultLimits } from './coding';
import { WrpcError } from './errors';
import { statusOnly } from './headers';
import { Invocation } from './invocation';
import { type FunctionCodec, functionCodec } from './signature';
import type { WitFunction } from './types';

/** Serves one function: takes the arguments and then the `CallContext`, returns the result or a promise of it. */
export type Handler = (...args: unknown[]) => unknown;

/** A function that is served. */
export interface Served {
  readonly subject: string;
  readonly codec: FunctionCodec;
  readonly handler: Handler;
}

export interface WrpcServerOptions {
  readonly lattice: string;
  /** Id of the component or provider that is served; replicas share it and its calls. */
  readonly id: string;
  /** Calls that run at once; more wait. @default 1024 */
  readonly maxConcurrent?: number;
  /** Calls that wait; more are refused at once. @default 4096 */
  readonly maxWaiting?: number;
  /** How long a call may run, in milliseconds. @default 600000 */
  readonly deadlineMs?: number;
  /** How long a caller may send nothing of what it promised, in milliseconds. @default 300000 */
  readonly idleMs?: number;
  readonly limits?: Partial<Limits>;
}

/** Serves functions to a lattice: one subscription a function, shared with all replicas of the same id. */
export class WrpcServer {
  readonly limits: Limits;
  readonly deadlineMs: number;
  readonly idleMs: number;
  private readonly maxConcurrent: number;
  private readonly maxWaiting: number;
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly running = new Set<Invocation>();
  private readonly waiting: { served: Served; message: Msg }[] = [];
  private idle: (() => void) | undefined;
  /** Who waits for {@link handed}. */
  private handing: (() => void)[] = [];

  constructor(
    readonly connection: LatticeConnection,
    private readonly options: WrpcServerOptions,
  ) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.deadlineMs = options.deadlineMs ?? 600_000;
    this.idleMs = options.idleMs ?? 300_000;
    this.maxConcurrent = options.maxConcurrent ?? 1024;
    this.maxWaiting = options.maxWaiting ?? 4096;
  }

  /** Calls that run or wait. */
  get active(): number {
    return this.running.size + this.waiting.length;
  }

  /**
   * Serves one function of `instance` (full interface id; empty for a function of the world itself). The returned function ends
   * it, and resolves when every call that was already sent to it has been started.
   *
   * @throws WrpcError when the function is served already.
   */
  serve(instance: string, name: string, signature: WitFunction, handler: Handler): () => Promise<void> {
    const { lattice, id } = this.options;
    const subject = wrpcSubject(lattice, id, instance, name);
    if (this.subscriptions.has(subject)) {
      throw new WrpcError('InvalidArgument', `${subject} is served already`, 'Serve each function once');
    }
    const served: Served = { subject, codec: functionCodec(signature), handler };
    const subscription = this.connection.nats.subscribe(subject, {
      queue: wrpcQueue(lattice, id),
      callback: (error, message) => {
        if (error)
          this.connection.log.error({ subject, error: messageOf(error) }, 'NATS refused a subscription');
        else this.arrived(served, message);
      },
    });
    this.subscriptions.set(subject, subscription);
    return () => this.end(subject);
  }

  /** Takes no more calls, lets those that run finish for up to `graceMs`, aborts the rest, and sends what is buffered. */
  async drain(graceMs = 30_000): Promise<void> {
    const ended = Promise.all([...this.subscriptions.keys()].map((subject) => this.end(subject)));
    const finished = ended.then(() => this.finished());
    await within(graceMs, finished, false);
    const late = new WrpcError('Aborted', `The server stopped ${graceMs} ms after it was asked to`);
    for (const { message } of this.waiting.splice(0)) this.refuse(message, 503, 'Stopping');
    for (const invocation of [...this.running]) invocation.fail(late);
    if (this.connection.connected) await this.connection.nats.flush();
  }

  /** Resolves when every call that has arrived was handed to its handler, or is over: arguments may come in several messages. */
  async handed(): Promise<void> {
    const isHanding = (): boolean =>
      this.waiting.length > 0 || [...this.running].some(({ isCalled }) => !isCalled);
    while (isHanding()) await new Promise<void>((resolve) => this.handing.push(resolve));
  }

  /** For invocations: this one has met its handler. */
  called(): void {
    if (this.handing.length > 0) for (const resolve of this.handing.splice(0)) resolve();
  }

  /** For invocations: this one is over. */
  ended(invocation: Invocation): void {
    if (!this.running.delete(invocation)) return;
    const next = this.waiting.shift();
    if (next) this.start(next.served, next.message);
    else if (this.running.size === 0) this.idle?.();
    this.called();
  }

  private async end(subject: string): Promise<void> {
    const subscription = this.subscriptions.get(subject);
    this.subscriptions.delete(subject);
    if (!subscription || subscription.isClosed()) return;
    if (this.connection.connected) await subscription.drain();
    else subscription.unsubscribe();
  }

  private finished(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => (this.idle = resolve));
  }

  private arrived(served: Served, message: Msg): void {
    if (!message.reply) {
      this.connection.log.warn({ subject: served.subject }, 'Call without a reply address dropped');
    } else if (this.running.size < this.maxConcurrent) this.start(served, message);
    else if (this.waiting.length < this.maxWaiting) this.waiting.push({ served, message });
    else {
      this.connection.log.warn({ subject: served.subject }, 'Call refused: too many are running and waiting');
      this.refuse(message, 429, 'Too Many Calls');
    }
  }

  private start(served: Served, message: Msg): void {
    const invocation = new Invocation(this, served, message);
    this.running.add(invocation);
    invocation.start();
  }

  private refuse(message: Msg, code: number, description: string): void {
    if (message.reply) this.connection.nats.publish(message.reply, undefined, statusOnly(code, description));
  }
}
