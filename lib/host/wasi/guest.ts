import type { RawHeaders } from './http/fields';

/** Something a guest can wait for. */
export interface Waitable {
  /** Whether waiting would end at once. */
  ready(): boolean;
  /** Calls `wake` when `ready()` may have become true, until the returned function is called. */
  subscribe(wake: () => void): () => void;
}

/**
 * The host's view of one instance: who it belongs to, what it may see, and the one wait that it is in. A guest is a single thread of
 * control, so there is at most one wait at a time; ending it is how a guest that waits is stopped.
 */
export class Guest {
  private ending: Error | undefined;
  private endWait: ((error: Error) => void) | undefined;

  /** Called before the guest is put aside to wait: the moment to send on what it has said so far. */
  onSuspend: () => void = () => undefined;

  /** Names of links that the guest chose for the call that it serves, by interface without version. */
  readonly linkNames = new Map<string, string>();
  private trace: string | RawHeaders | undefined;

  constructor(readonly context: GuestContext) {}

  /** A new call is to be served, with this W3C trace context or these headers: what was said in the one before is forgotten. */
  begin(trace: string | RawHeaders | undefined): void {
    this.trace = trace;
    this.linkNames.clear();
  }

  /** W3C trace context of the call that it serves. */
  get traceparent(): string | undefined {
    const { trace } = this;
    if (typeof trace !== 'object') return trace;
    const at = trace.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'traceparent');
    return at === -1 ? undefined : trace[at + 1];
  }

  /** Makes the wait that the guest is in, and every later one, fail: the guest traps. */
  interrupt(error: Error): void {
    this.ending = error;
    this.endWait?.(error);
  }

  /** Returns once one of `sources` is ready; the promise is only made where it has to be. */
  wait(sources: readonly Waitable[]): void | Promise<void> {
    if (this.ending !== undefined) throw this.ending;
    if (sources.some((source) => source.ready())) return;
    this.onSuspend();
    return new Promise((resolve, reject) => {
      const unsubscribes: (() => void)[] = [];
      const finish = (): void => {
        this.endWait = undefined;
        for (const unsubscribe of unsubscribes) unsubscribe();
      };
      const wake = (): void => {
        if (!sources.some((source) => source.ready())) return;
        finish();
        resolve();
      };
      this.endWait = (error) => {
        finish();
        reject(error);
      };
      for (const source of sources) unsubscribes.push(source.subscribe(wake));
      wake();
    });
  }
}

/** What all instances of one actor share. */
export interface GuestContext {
  /** Effective configuration; replaced as a whole when it changes. */
  config: Readonly<Record<string, string>>;
  /** Whether the actor is linked to something that makes HTTP requests for it. */
  readonly outgoingHttp: boolean;
  /** Takes a line that the guest logged or printed. */
  readonly log: (level: LogLevel, message: string, context?: string) => void;
  /** Calls a function of another component or a provider. */
  readonly call: (call: LinkedCall) => PendingAnswer;
}

/** A call on its way to whatever a link leads to. */
export interface LinkedCall {
  /** Interface as links name it, with or without a version. */
  readonly interface: string;
  /** Interface as its target serves it. @default `interface` */
  readonly wireInterface?: string | undefined;
  /** Function as WIT spells it. */
  readonly function: string;
  readonly linkName: string;
  readonly args: readonly unknown[];
  readonly traceparent: string | undefined;
}

/** An answer that a guest can wait for. */
export interface PendingAnswer extends Waitable {
  /** @throws WitError for the `err` of the function; Error when there is no answer, which traps the guest. */
  result(): unknown;
  /** The answer is not wanted any more. */
  forget(): void;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Callbacks to be called once something changes; the usual half of a {@link Waitable}. */
export class Wakers {
  private readonly wakers = new Set<() => void>();

  subscribe(wake: () => void): () => void {
    this.wakers.add(wake);
    return () => this.wakers.delete(wake);
  }

  wake(): void {
    for (const wake of [...this.wakers]) wake();
  }
}
