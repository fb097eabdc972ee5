import { withoutVersion, type GuestFunction } from '../engine/engine';
import type { IncomingBytes } from '../wasi/http/incoming-bytes';
import { IncomingRequest, type RequestHead } from '../wasi/http/incoming';
import { ResponseOutparam } from '../wasi/http/outgoing';
import { Exchange, type Outlet } from './exchange';
import { GuestRun, type Outcome, type Serving } from './guest-run';
import type { Lease } from './instances';

/** How long a guest may run on after its client has gone. */
const goneGraceMs = 1000;

/** The exported interface that answers HTTP, if there is one. */
export function handlerOf(exports: readonly string[]): string | undefined {
  return exports.find((name) => withoutVersion(name) === 'wasi:http/incoming-handler');
}

/** What serves the HTTP calls of one worker, however they reach it. */
export interface HttpServing extends Serving {
  /** Name under which the component exports its handler. */
  readonly handler: string;
}

/** One HTTP call of a guest. */
export class HttpCall {
  private readonly exchange: Exchange;
  private readonly run: GuestRun;

  /** @param over Called when the guest has returned or trapped, after everything that `outlet` is told. */
  constructor(
    serving: HttpServing,
    head: RequestHead,
    private readonly body: IncomingBytes,
    outlet: Outlet,
    private readonly over: () => void,
  ) {
    const exchange = new Exchange(outlet);
    this.exchange = exchange;
    const enter = ({ guest, instance }: Lease): Promise<unknown> => {
      guest.begin(head.headers);
      guest.onSuspend = () => exchange.flush();
      const handle = instance.exports[serving.handler]?.['handle'] as GuestFunction;
      return handle(new IncomingRequest(guest, head, body), new ResponseOutparam(exchange));
    };
    this.run = new GuestRun(serving, enter, (outcome) => this.finish(outcome));
  }

  /** Bytes of the response are out of the host. */
  took(bytes: number): void {
    this.exchange.took(bytes);
  }

  /** The client has gone: the guest learns it from its streams, and is stopped if it does not mind. */
  leave(): void {
    this.exchange.leave();
    this.body.fail({ tag: 'connection-terminated' });
    setTimeout(() => this.run.end('ClientGone'), goneGraceMs).unref();
  }

  private finish(outcome: Outcome): void {
    if ('failure' in outcome) this.exchange.break(outcome.failure, outcome.message);
    else this.exchange.finish();
    this.body.close();
    this.over();
  }
}
