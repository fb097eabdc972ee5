import type { MessagePort } from 'node:worker_threads';
import { withoutVersion, type GuestFunction } from '../engine/engine';
import { messageOf } from '../../base/errors';
import { ResponseOutparam } from '../wasi/http/outgoing';
import { IncomingBytes } from '../wasi/http/incoming-bytes';
import { IncomingRequest, type RequestHead } from '../wasi/http/incoming';
import type { Deadlines } from './deadlines';
import { Exchange } from './exchange';
import type { Instances, Lease } from './instances';
import type { FromWorker, ToWorker } from './protocol';

/** How long a guest may run on after its client has gone. */
const goneGraceMs = 1000;

interface Call {
  readonly exchange: Exchange;
  readonly body: IncomingBytes;
  lease: Lease | undefined;
  /** Why the guest was stopped, if it was. */
  ending: 'DeadlineExceeded' | 'ClientGone' | undefined;
}

/** The HTTP calls of one worker. */
export class HttpCalls {
  private readonly calls = new Map<number, Call>();

  constructor(
    private readonly port: MessagePort,
    private readonly instances: Instances,
    private readonly deadlines: Deadlines,
    /** Name under which the component exports its handler. */
    private readonly handler: string,
  ) {}

  /** The exported interface that answers HTTP, if there is one. */
  static handlerOf(exports: readonly string[]): string | undefined {
    return exports.find((name) => withoutVersion(name) === 'wasi:http/incoming-handler');
  }

  /** Takes the messages that concern calls. */
  receive(message: ToWorker): void {
    if (message[0] === 'request') {
      const [, id, method, target, scheme, authority, headers, body] = message;
      this.begin(id, { method, target, scheme, authority, headers }, body);
      return;
    }
    if (message[0] === 'load' || message[0] === 'config') return;
    const call = this.calls.get(message[1]);
    // Late words about a call that is over are normal: they were under way when it ended.
    if (call === undefined) return;
    if (message[0] === 'took') call.exchange.took(message[2]);
    else if (message[0] === 'chunk') call.body.push(message[2]);
    else if (message[0] === 'end') call.body.end(message[2]);
    else this.leave(call);
  }

  private begin(id: number, head: RequestHead, content: Uint8Array | 'stream' | undefined): void {
    const body =
      content === 'stream'
        ? new IncomingBytes((bytes) => this.port.postMessage(['took', id, bytes] satisfies FromWorker))
        : IncomingBytes.of(content);
    const call: Call = { exchange: new Exchange(this.port, id), body, lease: undefined, ending: undefined };
    this.calls.set(id, call);
    this.deadlines.start(call, () => this.end(call, 'DeadlineExceeded'));
    const lease = this.instances.take();
    if (lease === undefined) void this.serveFresh(id, call, head);
    else void this.serve(id, call, head, lease);
  }

  private async serveFresh(id: number, call: Call, head: RequestHead): Promise<void> {
    try {
      await this.serve(id, call, head, await this.instances.create());
    } catch (error) {
      call.exchange.break('Trapped', `Component could not be instantiated: ${messageOf(error)}`);
      this.forget(id, call);
    }
  }

  private async serve(id: number, call: Call, head: RequestHead, lease: Lease): Promise<void> {
    const { guest, instance } = lease;
    const { exchange, body } = call;
    call.lease = lease;
    guest.onSuspend = () => exchange.flush();
    if (call.ending !== undefined) guest.interrupt(new Error(call.ending));
    const handle = instance.exports[this.handler]?.['handle'] as GuestFunction;
    try {
      await handle(new IncomingRequest(guest, head, body), new ResponseOutparam(exchange));
      exchange.finish();
      this.instances.giveBack(lease);
    } catch (error) {
      if (call.ending === 'DeadlineExceeded') {
        exchange.break('DeadlineExceeded', 'Component took longer than spec.limits.executionTimeMs');
      } else {
        exchange.break('Trapped', `Component trapped: ${messageOf(error)}`);
      }
    }
    this.forget(id, call);
  }

  private leave(call: Call): void {
    call.exchange.leave();
    call.body.fail({ tag: 'connection-terminated' });
    setTimeout(() => this.end(call, 'ClientGone'), goneGraceMs).unref();
  }

  private end(call: Call, why: NonNullable<Call['ending']>): void {
    call.ending ??= why;
    call.lease?.guest.interrupt(new Error(why));
  }

  private forget(id: number, call: Call): void {
    // The lease has gone to others or to nobody: a timer that is still to come must not end their call.
    call.lease = undefined;
    call.body.close();
    this.calls.delete(id);
    this.deadlines.end(call);
  }
}
