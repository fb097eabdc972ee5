import type { Msg } from 'nats';

/** Who calls, and what came with the call. */
export class CallContext {
  private controller: AbortController | undefined;
  private reason: Error | undefined;

  constructor(private readonly message: Pick<Msg, 'headers'>) {}

  /** Id of the calling component or provider; undefined when the caller did not say. */
  get source(): string | undefined {
    return this.header('source-id');
  }

  /** Name of the link that the caller used. @default default */
  get linkName(): string {
    return this.header('link-name') ?? 'default';
  }

  /** A header of the call, e.g. `traceparent`. */
  header(name: string): string | undefined {
    return this.message.headers?.get(name) || undefined;
  }

  /** Aborts when the call runs too long, the connection is lost, or the server has waited long enough for its end. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.reason) this.controller.abort(this.reason);
    return this.controller.signal;
  }

  /** For the server: tells the handler that nobody waits any more. */
  abort(reason: Error): void {
    this.reason ??= reason;
    this.controller?.abort(reason);
  }
}
