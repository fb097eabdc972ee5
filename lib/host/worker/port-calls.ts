import type { MessagePort } from 'node:worker_threads';
import { IncomingBytes } from '../wasi/http/incoming-bytes';
import type { Outlet } from './exchange';
import type { Serving } from './guest-run';
import { HttpCall } from './http-calls';
import { InterfaceCalls } from './interface-calls';
import { transferable, type FromWorker, type ToWorker } from './protocol';

/** Calls that the main thread accepted and sends as messages. */
export class PortCalls {
  private readonly calls = new Map<number, { readonly call: HttpCall; readonly body: IncomingBytes }>();
  private readonly interfaceCalls: InterfaceCalls;

  constructor(
    private readonly port: MessagePort,
    private readonly serving: Serving,
    /** Name under which the component exports its handler of HTTP; empty without one. */
    private readonly handler: string,
  ) {
    this.interfaceCalls = new InterfaceCalls(port, serving);
  }

  /** Takes a message about a call. */
  receive(message: ToWorker): void {
    if (message[0] === 'request') return this.begin(message);
    if (message[0] === 'call') return this.interfaceCalls.begin(message);
    const entry = typeof message[1] === 'number' ? this.calls.get(message[1]) : undefined;
    if (entry === undefined && message[0] === 'gone') return this.interfaceCalls.leave(message[1]);
    // Late words about a call that is over are normal: they were under way when it ended.
    if (entry === undefined) return;
    if (message[0] === 'took') entry.call.took(message[2]);
    else if (message[0] === 'chunk') entry.body.push(message[2]);
    else if (message[0] === 'end') entry.body.end(message[2]);
    else if (message[0] === 'gone') entry.call.leave();
  }

  private begin(message: Extract<ToWorker, readonly ['request', ...unknown[]]>): void {
    const [, id, method, target, scheme, authority, headers, content] = message;
    const { port } = this;
    const body =
      content === 'stream'
        ? new IncomingBytes((bytes) => port.postMessage(['took', id, bytes] satisfies FromWorker))
        : IncomingBytes.of(content);
    const head = { method, target, scheme, authority, headers };
    const call = new HttpCall(
      { ...this.serving, handler: this.handler },
      head,
      body,
      outletOf(port, id),
      () => this.calls.delete(id),
    );
    this.calls.set(id, { call, body });
  }
}

function outletOf(port: MessagePort, id: number): Outlet {
  const post = (message: FromWorker, bytes?: Uint8Array): void => {
    port.postMessage(message, transferable(bytes));
  };
  return {
    head(status, headers, body, ended, trailers, returned) {
      post(['response', id, status, headers, body, ended, trailers, returned], body);
    },
    chunk: (bytes) => post(['chunk', id, bytes], bytes),
    end: (trailers, returned) => post(['end', id, trailers, returned]),
    returned: () => post(['returned', id]),
    error: (failure, message) => post(['error', id, failure, message]),
  };
}
