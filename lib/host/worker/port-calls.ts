import type { MessagePort } from 'node:worker_threads';
import { IncomingBytes } from '../wasi/http/incoming-bytes';
import type { Outlet } from './exchange';
import { HttpCall, type HttpServing } from './http-calls';
import { transferable, type FromWorker, type ToWorker } from './protocol';

/** HTTP calls that the main thread accepted and sends as messages. */
export class PortCalls {
  private readonly calls = new Map<number, { readonly call: HttpCall; readonly body: IncomingBytes }>();

  constructor(
    private readonly port: MessagePort,
    private readonly serving: HttpServing,
  ) {}

  /** Takes a message about a call. */
  receive(message: ToWorker): void {
    if (message[0] === 'request') return this.begin(message);
    const entry = typeof message[1] === 'number' ? this.calls.get(message[1]) : undefined;
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
    const call = new HttpCall(this.serving, head, body, outletOf(port, id), () => this.calls.delete(id));
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
