import type { Msg } from 'nats';
import { messageOf } from '../../base/errors';
import { NeedMoreBytes } from './bytes';
import { CallContext } from './context';
import { WrpcError } from './errors';
import { failed, statusOnly } from './headers';
import { type Receiver, eagerBytes, isPeer } from './inbox';
import { Channels, SyncPart } from './incoming';
import { Outgoing, maxPayload, publishAll, publishEnd } from './outgoing';
import type { Served, WrpcServer } from './server';
import type { Encoded } from './signature';

/** One call that is served, from its first message to the end of the last stream of its result. */
export class Invocation implements Receiver {
  private readonly context: CallContext;
  private readonly caller: string;
  private readonly peer: boolean;
  /** Where the caller sends the rest of the parameters; undefined while there is no need for more. */
  private address: string | undefined;
  private sync: SyncPart | undefined;
  private channels: Channels | undefined;
  private outgoing: Outgoing | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastMessage = 0;
  private called = false;
  private accepted = false;
  /** The result was sent, and streams of it may follow for as long as they like. */
  private responded = false;
  private over = false;

  constructor(
    private readonly server: WrpcServer,
    private readonly served: Served,
    private readonly message: Msg,
  ) {
    this.context = new CallContext(message);
    this.caller = message.reply ?? '';
    this.peer = isPeer(this.caller);
  }

  /** Whether its arguments are there and its handler was called. */
  get isCalled(): boolean {
    return this.called;
  }

  start(): void {
    const { codec } = this.served;
    const { data } = this.message;
    try {
      if (!codec.hasParams) return this.call([]);
      // Most parameters are one message, and its end need not be waited for.
      if (!codec.paramsDefer && data.length <= eagerBytes) {
        const args = this.decode(data, true);
        if (args) return this.call(args);
      }
      this.receiveRest(data);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  receive(channel: string, message: Msg): void {
    this.lastMessage = Date.now();
    if (channel === 'params') this.receiveParams(message.data);
    else if (channel.startsWith('params.') && this.served.codec.paramsDefer) {
      this.paramChannels().push(channel.slice(7), message);
    }
  }

  /** Ends the call without a result, which is how the caller learns that it failed. */
  fail(error: Error): void {
    if (this.over) return;
    const { connection } = this.server;
    connection.log.warn({ subject: this.served.subject, error: messageOf(error) }, 'Call failed');
    this.context.abort(error);
    this.channels?.fail(error);
    this.outgoing?.stop(new WrpcError('Aborted', messageOf(error)));
    if (connection.connected && !this.outgoing) {
      if (this.peer) connection.nats.publish(this.caller, undefined, statusOnly(failed, 'Call Failed'));
      else {
        this.accept();
        publishEnd(connection.nats, `${this.caller}.results`);
      }
    }
    this.finish();
  }

  /**
   * Tells the caller that the call arrived, and where to send more. Just before the result when no more is needed: wasmCloud 1.9's
   * client loses what arrives before its own task has noted the call (wrpc-transport-nats 0.29 takes messages and commands in any
   * order: "drop message with no subscriber"), and then waits for ever.
   */
  private accept(): void {
    if (this.accepted) return;
    this.accepted = true;
    const { nats, inbox } = this.server.connection;
    nats.publish(this.caller, undefined, { reply: this.address ?? inbox.nowhere });
  }

  private receiveRest(first: Uint8Array): void {
    this.address = this.server.connection.inbox.open(this);
    this.watchIdle(this.server.idleMs);
    this.accept();
    if (first.length > 0) this.receiveParams(first);
  }

  private receiveParams(bytes: Uint8Array): void {
    if (this.called) return;
    try {
      this.sync ??= new SyncPart(this.server.limits, this.server.connection.inbox.budget);
      const whole = this.sync.push(bytes);
      const args = whole && this.decode(whole, false);
      if (args) this.call(args);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** The arguments in `bytes`; undefined when more of them may come. */
  private decode(bytes: Uint8Array, more: boolean): unknown[] | undefined {
    try {
      return this.served.codec.decodeParams(bytes, this.server.limits, (path) =>
        this.paramChannels().claim(path),
      );
    } catch (error) {
      if (more && error instanceof NeedMoreBytes) return undefined;
      throw error;
    }
  }

  private paramChannels(): Channels {
    const { limits, connection } = this.server;
    return (this.channels ??= new Channels(
      connection.nats,
      limits,
      connection.inbox.budget,
      () => undefined,
    ));
  }

  private call(args: unknown[]): void {
    this.called = true;
    this.server.called();
    let returned: unknown;
    try {
      returned = this.served.handler(...args, this.context);
    } catch (error) {
      return this.threw(error);
    }
    if (isPromise(returned)) {
      returned.then(
        (value) => this.returned(value),
        (error: unknown) => this.threw(error),
      );
      if (this.address === undefined) {
        const { deadlineMs } = this.server;
        this.timer = setTimeout(() => this.late(), deadlineMs);
      }
    } else {
      this.returned(returned);
    }
  }

  private returned(value: unknown): void {
    if (this.over) return;
    let encoded: Encoded;
    try {
      encoded = this.served.codec.encodeReturn(value);
    } catch (error) {
      return this.fail(error as Error);
    }
    this.respond(encoded);
  }

  private threw(error: unknown): void {
    if (this.over) return;
    try {
      const encoded = this.served.codec.encodeThrown(error);
      if (encoded) this.respond(encoded);
      else this.fail(error instanceof Error ? error : new WrpcError('Aborted', `Thrown: ${String(error)}`));
    } catch (failure) {
      this.fail(failure as Error);
    }
  }

  private respond({ bytes, deferred }: Encoded): void {
    const { connection } = this.server;
    if (!connection.connected) return this.finish();
    if (!this.peer) this.accept();
    const results = `${this.caller}.results`;
    publishAll(connection.nats, results, bytes);
    const most = Math.min(eagerBytes, maxPayload(connection.nats));
    const isWhole = this.peer && bytes.length > 0 && bytes.length <= most && !this.served.codec.resultDefers;
    if (!isWhole) publishEnd(connection.nats, results);
    if (deferred.length === 0) return this.finish();
    this.responded = true;
    if (this.address === undefined) clearTimeout(this.timer);
    this.outgoing = new Outgoing(connection, results, this.peer);
    void this.outgoing.send(deferred).then(() => this.finish());
  }

  private late(): void {
    this.fail(new WrpcError('DeadlineExceeded', `The call ran for more than ${this.server.deadlineMs} ms`));
  }

  /** Watches that a caller that owes parameters sends something; once called, that the handler ends. */
  private watchIdle(ms: number): void {
    this.lastMessage = Date.now();
    const started = Date.now();
    const check = (): void => {
      const waits = !this.called || (this.channels !== undefined && this.channels.open > 0);
      const left = waits ? this.lastMessage + ms - Date.now() : started + this.server.deadlineMs - Date.now();
      if (!waits && this.responded) return;
      if (left > 0) this.timer = setTimeout(check, Math.min(left, ms));
      else if (waits) this.fail(new WrpcError('DeadlineExceeded', `The caller sent nothing for ${ms} ms`));
      else this.late();
    };
    this.timer = setTimeout(check, ms);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.sync?.drop();
    // What the handler left unread is not wanted any more.
    this.channels?.fail(new WrpcError('Aborted', 'The call is over'));
    if (this.address !== undefined) this.server.connection.inbox.release(this.address);
    this.server.ended(this);
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}
