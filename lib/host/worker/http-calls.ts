import { messageOf } from '../../base/errors';
import { withoutVersion, type GuestFunction } from '../engine/engine';
import type { IncomingBytes } from '../wasi/http/incoming-bytes';
import { IncomingRequest, type RequestHead } from '../wasi/http/incoming';
import { ResponseOutparam } from '../wasi/http/outgoing';
import type { Deadlines } from './deadlines';
import { Exchange, type Outlet } from './exchange';
import type { Instances, Lease } from './instances';

/** How long a guest may run on after its client has gone. */
const goneGraceMs = 1000;

/** The exported interface that answers HTTP, if there is one. */
export function handlerOf(exports: readonly string[]): string | undefined {
  return exports.find((name) => withoutVersion(name) === 'wasi:http/incoming-handler');
}

/** What serves the HTTP calls of one worker, however they reach it. */
export interface HttpServing {
  readonly instances: Instances;
  readonly deadlines: Deadlines;
  /** Name under which the component exports its handler. */
  readonly handler: string;
}

/** One call: an instance is taken for it, and given back or dropped. */
export class HttpCall {
  private readonly exchange: Exchange;
  private lease: Lease | undefined;
  /** Why the guest was stopped, if it was. */
  private ending: 'DeadlineExceeded' | 'ClientGone' | undefined;

  /** @param over Called when the guest has returned or trapped, after everything that `outlet` is told. */
  constructor(
    private readonly serving: HttpServing,
    head: RequestHead,
    private readonly body: IncomingBytes,
    outlet: Outlet,
    private readonly over: () => void,
  ) {
    this.exchange = new Exchange(outlet);
    serving.deadlines.start(this, () => this.end('DeadlineExceeded'));
    const lease = serving.instances.take();
    if (lease === undefined) void this.serveFresh(head);
    else void this.serve(head, lease);
  }

  /** Bytes of the response are out of the host. */
  took(bytes: number): void {
    this.exchange.took(bytes);
  }

  /** The client has gone: the guest learns it from its streams, and is stopped if it does not mind. */
  leave(): void {
    this.exchange.leave();
    this.body.fail({ tag: 'connection-terminated' });
    setTimeout(() => this.end('ClientGone'), goneGraceMs).unref();
  }

  private async serveFresh(head: RequestHead): Promise<void> {
    let lease: Lease;
    try {
      lease = await this.serving.instances.create();
    } catch (error) {
      this.exchange.break('Trapped', `Component could not be instantiated: ${messageOf(error)}`);
      return this.finish();
    }
    await this.serve(head, lease);
  }

  private async serve(head: RequestHead, lease: Lease): Promise<void> {
    const { guest, instance } = lease;
    const { exchange } = this;
    this.lease = lease;
    guest.onSuspend = () => exchange.flush();
    if (this.ending !== undefined) guest.interrupt(new Error(this.ending));
    const handle = instance.exports[this.serving.handler]?.['handle'] as GuestFunction;
    try {
      await handle(new IncomingRequest(guest, head, this.body), new ResponseOutparam(exchange));
      this.serving.instances.giveBack(lease);
      exchange.finish();
    } catch (error) {
      if (this.ending === 'DeadlineExceeded') {
        exchange.break('DeadlineExceeded', 'Component took longer than spec.limits.executionTimeMs');
      } else {
        exchange.break('Trapped', `Component trapped: ${messageOf(error)}`);
      }
    }
    this.finish();
  }

  private end(why: 'DeadlineExceeded' | 'ClientGone'): void {
    this.ending ??= why;
    this.lease?.guest.interrupt(new Error(why));
  }

  private finish(): void {
    // The instance has gone to others or to nobody: a timer that is still to come must not end their call.
    this.lease = undefined;
    this.body.close();
    this.serving.deadlines.end(this);
    this.over();
  }
}
