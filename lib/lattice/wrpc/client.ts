import type { Msg } from 'nats';
import { messageOf } from '../../base/errors';
import type { LatticeConnection } from '../connection';
import { wrpcSubject } from '../subjects';
import { NeedMoreBytes } from './bytes';
import { type Limits, defaultLimits } from './coding';
import { WrpcError } from './errors';
import { type CallHeaders, failed, natsHeaders, statusOf } from './headers';
import { Channels, SyncPart } from './incoming';
import { type Receiver, eagerBytes, isPeer } from './inbox';
import { Outgoing, maxPayload, publishAll, publishEnd } from './outgoing';
import { type Encoded, type FunctionCodec, functionCodec } from './signature';
import type { WitFunction } from './types';

/** Who is called. */
export interface CallTarget {
  readonly lattice: string;
  /** Id of the component or provider. */
  readonly id: string;
}

export interface CallOptions {
  /** How long to wait for the result, in milliseconds; streams in it may take longer. @default 10000 */
  readonly deadlineMs?: number | undefined;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
  /** Further headers, e.g. `traceparent`. */
  readonly headers?: CallHeaders | undefined;
}

export interface WrpcClientOptions {
  /** Headers of every call, e.g. `source-id`. */
  readonly headers?: CallHeaders;
  readonly deadlineMs?: number;
  readonly limits?: Partial<Limits>;
  /** How long a stream of a result may send nothing before it fails, in milliseconds. @default 300000 */
  readonly idleMs?: number;
}

/** A function of a target, ready to be called with its arguments in their JavaScript forms. */
export type BoundFunction = (args: readonly unknown[], options?: CallOptions) => Promise<unknown>;

/** Calls functions that components and providers of a lattice export. */
export class WrpcClient {
  readonly limits: Limits;
  readonly deadlineMs: number;
  readonly idleMs: number;
  private readonly headers: CallHeaders;

  constructor(
    readonly connection: LatticeConnection,
    options: WrpcClientOptions = {},
  ) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.deadlineMs = options.deadlineMs ?? 10_000;
    this.idleMs = options.idleMs ?? 300_000;
    this.headers = options.headers ?? {};
  }

  /**
   * A function of `target`. `instance` is the interface's full id, empty for a function of the world itself.
   *
   * Calling it resolves with the result (the `ok` of a `result`), and rejects with a `WitError` for its `err`, or a `WrpcError`
   * that says why there is none. A function without a result cannot tell its caller that it failed: that is how wRPC is.
   */
  bind(
    target: CallTarget,
    instance: string,
    name: string,
    signature: WitFunction,
    headers: CallHeaders = {},
  ): BoundFunction {
    const subject = wrpcSubject(target.lattice, target.id, instance, name);
    const codec = functionCodec(signature);
    const own: CallHeaders = { ...this.headers, ...headers };
    return (args, options = {}) =>
      new Promise((resolve, reject) => {
        const all = options.headers ? { ...own, ...options.headers } : own;
        new Call(this, subject, codec, options, resolve, reject).start(codec.encodeParams(args), all);
      });
  }
}

/** One call, from its first message to the end of the last stream of its result. */
class Call implements Receiver {
  private address = '';
  private encoded: Encoded | undefined;
  /** How much of the parameters went with the invocation. */
  private sent = 0;
  /** Where the rest of the parameters goes, once the call is accepted. */
  private params: string | undefined;
  private sync: SyncPart | undefined;
  private channels: Channels | undefined;
  private outgoing: Outgoing | undefined;
  private timer: NodeJS.Timeout | undefined;
  private settled = false;
  private lastMessage = 0;

  constructor(
    private readonly client: WrpcClient,
    private readonly subject: string,
    private readonly codec: FunctionCodec,
    private readonly options: CallOptions,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  start(encoded: Encoded, headers: CallHeaders): void {
    const { connection, limits } = this.client;
    if (!connection.connected || connection.nats.isDraining()) {
      throw new WrpcError('Disconnected', `${this.subject} was not called: NATS is not connected`);
    }
    if (encoded.bytes.length > limits.maxValueBytes) {
      throw new WrpcError(
        'TooLarge',
        `${this.subject} was not called: its arguments take ${encoded.bytes.length} bytes`,
        'Pass them as a stream, or raise maxValueBytes',
      );
    }
    const { signal, deadlineMs = this.client.deadlineMs } = this.options;
    if (signal?.aborted) {
      throw new WrpcError('Aborted', `${this.subject} was not called`, undefined, { cause: signal.reason });
    }
    this.encoded = encoded;
    this.address = connection.inbox.open(this);
    const { headers: sent, size } = natsHeaders(headers);
    const reply = this.address;
    this.sent = Math.min(encoded.bytes.length, maxPayload(connection.nats) - reply.length - size);
    const first = this.sent === encoded.bytes.length ? encoded.bytes : encoded.bytes.subarray(0, this.sent);
    connection.nats.publish(this.subject, first, sent ? { reply, headers: sent } : { reply });
    this.timer = setTimeout(() => this.late(deadlineMs), deadlineMs);
    signal?.addEventListener('abort', this.aborted, { once: true });
  }

  receive(channel: string, message: Msg): void {
    this.lastMessage = Date.now();
    if (channel === 'results') this.receiveResult(message.data);
    else if (channel === '') this.accepted(message);
    else if (channel.startsWith('results.') && this.codec.resultDefers) {
      this.resultChannels().push(channel.slice(8), message);
    }
  }

  /** The function's own failure, or the transport's: the call is over, or its result's open streams are. */
  fail(error: Error): void {
    if (this.outgoing || this.params !== undefined) {
      this.outgoing?.stop(new WrpcError('Aborted', messageOf(error)));
      // Ending the parameters early is how the peer learns that it need not wait for more.
      if (!this.settled && this.encoded && this.client.connection.connected) this.publishParamsEnd();
    }
    this.channels?.fail(error);
    this.settle();
    this.finish();
    this.reject(error);
  }

  private accepted(message: Msg): void {
    const status = statusOf(message);
    if (this.settled || (this.params !== undefined && status === 0)) return;
    if (status === 503) {
      return this.fail(
        new WrpcError(
          'NoResponders',
          `Nobody serves ${this.subject}`,
          'Check that the target runs and exports it',
        ),
      );
    }
    if (status === failed) return this.fail(this.failedThere());
    if (status !== 0 || !message.reply) {
      const why = status === 0 ? 'no address for the parameters' : `status ${message.headers?.status}`;
      return this.fail(new WrpcError('Refused', `${this.subject} was not accepted: ${why}`));
    }
    this.params = `${message.reply}.params`;
    if (this.encoded && this.encoded.deferred.length > 0) {
      this.sendParams();
      this.outgoing = new Outgoing(this.client.connection, this.params, isPeer(message.reply));
      void this.outgoing.send(this.encoded.deferred).then(() => {
        this.outgoing = undefined;
        if (this.settled) this.finish();
      });
      this.encoded = undefined;
    } else {
      // A fast server's result is in the same read of the socket: then nobody waits for the end of the parameters.
      queueMicrotask(() => this.sendParams());
    }
  }

  private sendParams(): void {
    if (this.settled || !this.encoded || this.params === undefined) return;
    publishAll(this.client.connection.nats, this.params, this.encoded.bytes, this.sent);
    this.publishParamsEnd();
    if (this.encoded.deferred.length === 0) this.encoded = undefined;
  }

  private publishParamsEnd(): void {
    if (this.params !== undefined) publishEnd(this.client.connection.nats, this.params);
  }

  private receiveResult(bytes: Uint8Array): void {
    if (this.settled) return;
    const { codec, client } = this;
    try {
      if (this.sync === undefined && codec.hasResult && !codec.resultDefers && bytes.length > 0) {
        // Most results are one message, and its end need not be waited for.
        if (bytes.length <= eagerBytes && this.decode(bytes, true)) return;
      }
      this.sync ??= new SyncPart(client.limits, client.connection.inbox.budget);
      const whole = this.sync.push(bytes);
      if (whole) this.decode(whole, false);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Settles the call with the result in `bytes`; false when more of it may come. */
  private decode(bytes: Uint8Array, more: boolean): boolean {
    try {
      const value = this.codec.decodeResult(bytes, this.client.limits, (path) =>
        this.resultChannels().claim(path),
      );
      this.settle();
      this.resolve(value);
    } catch (error) {
      if (error instanceof NeedMoreBytes) {
        if (more) return false;
        throw this.failedThere();
      }
      if (error instanceof WrpcError) throw error;
      this.settle();
      this.reject(error as Error);
    }
    this.finish();
    return true;
  }

  private failedThere(): WrpcError {
    return new WrpcError(
      'Incomplete',
      `${this.subject} ended without a result: it failed on the other side`,
      'The log of the called component or provider tells why',
    );
  }

  private resultChannels(): Channels {
    const { connection, limits } = this.client;
    return (this.channels ??= new Channels(connection.nats, limits, connection.inbox.budget, () =>
      this.finish(),
    ));
  }

  private late(deadlineMs: number): void {
    this.fail(
      new WrpcError(
        'DeadlineExceeded',
        `${this.subject} gave no result within ${deadlineMs} ms`,
        'Raise deadlineMs if the function may take longer',
      ),
    );
  }

  private readonly aborted = (): void => {
    this.fail(
      new WrpcError('Aborted', `${this.subject} was given up`, undefined, {
        cause: this.options.signal?.reason,
      }),
    );
  };

  private settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.sync?.drop();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.options.signal?.removeEventListener('abort', this.aborted);
  }

  /** Leaves the inbox when nothing of the result is on its way; else watches that something still is. */
  private finish(): void {
    if (!this.settled) return;
    if (this.channels && this.channels.open > 0) {
      if (this.timer === undefined) this.watchIdle(this.client.idleMs);
      return;
    }
    clearTimeout(this.timer);
    if (!this.outgoing) this.client.connection.inbox.release(this.address);
  }

  private watchIdle(ms: number): void {
    this.timer = setTimeout(() => {
      const left = this.lastMessage + this.client.idleMs - Date.now();
      if (left > 0) return this.watchIdle(left);
      this.channels?.fail(
        new WrpcError(
          'DeadlineExceeded',
          `A stream of ${this.subject} sent nothing for ${this.client.idleMs} ms`,
        ),
      );
    }, ms);
    this.timer.unref();
  }
}
