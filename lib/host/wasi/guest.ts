import type { SecretValues } from '../../lattice/provider-contract';
import { withoutVersion } from '../engine/engine';
import type { RawHeaders } from './http/fields';

/** Most bytes of bodies that an instance may keep in the host without sending them, and most calls beside which data flows at a time. */
const maxUnsentBytes = 64 << 20;
const maxStreams = 256;

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
  private readonly streams = new Set<StreamedAnswer>();
  private unsent = 0;

  constructor(readonly context: GuestContext) {}

  /** A new call is to be served, with this W3C trace context or these headers: what was said in the one before is forgotten. */
  begin(trace: string | RawHeaders | undefined): void {
    this.trace = trace;
    // Clearing makes another table, empty or not.
    if (this.linkNames.size > 0) this.linkNames.clear();
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

  /** A call of a function that links lead to, under the name that the guest chose for its interface. */
  linkedCall(target: LinkedFunction, args: readonly unknown[]): LinkedCall {
    const linkName = this.linkNames.get(withoutVersion(target.interface)) ?? 'default';
    return { ...target, linkName, args, traceparent: this.traceparent };
  }

  /**
   * Bytes of a body are kept that nobody takes yet; less than none when they are taken, or not wanted any more.
   * @throws Error, which traps the guest, when those of all of its bodies are too many
   */
  keep(bytes: number): void {
    this.unsent += bytes;
    if (this.unsent <= maxUnsentBytes) return;
    throw new Error(`Guest keeps more than ${maxUnsentBytes} bytes of bodies that it does not send`);
  }

  /** Whether it has as many calls under way beside which data flows as it may have. */
  get streamsFull(): boolean {
    return this.streams.size >= maxStreams;
  }

  /**
   * Calls a function beside which data flows.
   * @throws Error, which traps the guest, beyond {@link streamsFull}
   */
  stream(target: LinkedFunction, args: readonly unknown[], download: Download): StreamedAnswer {
    if (this.streamsFull) throw new Error(`Guest has more than ${maxStreams} streams under way`);
    const call = this.context.stream(this.linkedCall(target, args), download);
    this.streams.add(call);
    return call;
  }

  /**
   * Waits for the answer of a call that {@link stream} made.
   * @throws WitError for its `err`; Error when there is none, which traps the guest. Nothing more is wanted of it then.
   */
  async answered(call: StreamedAnswer): Promise<unknown> {
    try {
      await this.wait([call]);
      return call.result();
    } catch (error) {
      this.forget(call);
      throw error;
    }
  }

  /** Nothing more is wanted of a call that {@link stream} made. */
  forget(call: StreamedAnswer): void {
    if (this.streams.delete(call)) call.forget();
  }

  /** A call of the guest has ended: nothing more is wanted of the calls that it made. */
  abandon(): void {
    if (this.streams.size > 0) for (const call of this.streams) this.forget(call);
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
  /** What `wasmcloud:secrets` gives by name; replaced as a whole when it changes. */
  secrets: SecretValues;
  /** Takes a line that the guest logged or printed. */
  readonly log: (level: LogLevel, message: string, context?: string) => void;
  /** Calls a function of another component or a provider. */
  readonly call: (call: LinkedCall) => PendingAnswer;
  /** The same, of a function that has a stream or a future in its parameters or its result. */
  readonly stream: (call: LinkedCall, download: Download) => StreamedAnswer;
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

/** A function that links lead to. */
export type LinkedFunction = Pick<LinkedCall, 'interface' | 'wireInterface' | 'function'>;

/** An answer that a guest can wait for. */
export interface PendingAnswer extends Waitable {
  /** @throws WitError for the `err` of the function; Error when there is no answer, which traps the guest. */
  result(): unknown;
  /** The answer is not wanted any more. */
  forget(): void;
}

/** An answer of a call beside which data flows; it is forgotten once nothing more of that is wanted. */
export interface StreamedAnswer extends PendingAnswer {
  readonly upload: Upload;
  /** So much of the stream in the answer was taken. */
  took(size: number): void;
}

/** The stream in the parameters of a call. */
export interface Upload extends Waitable {
  /** How many bytes it takes now. Throws ClosedError when nobody wants any more. */
  room(): number;
  write(bytes: Uint8Array): void;
  /** All is written; `tail` is the value of the future beside the stream. */
  end(tail?: unknown): void;
  /** The stream is not whole, and must not look so to its reader. */
  abort(): void;
}

/** What an item of a stream counts besides its characters. */
const itemBytes = 16;

/** What a part of a stream counts in the window by which its sender may be ahead. */
export function flowSize(part: unknown): number {
  return part instanceof Uint8Array ? part.length : itemBytes + (typeof part === 'string' ? part.length : 0);
}

/** Takes what follows an answer. */
export interface Download {
  part(part: unknown): void;
  /** With the value of the future beside the stream, the `err` that the stream broke off with, or why as text. */
  ended(tag: 'ok' | 'err' | 'failed', value: unknown): void;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Callbacks to be called once something changes; the usual half of a {@link Waitable}. */
export class Wakers {
  /** Made for the first: most calls never wait. */
  private wakers: Set<() => void> | undefined;

  subscribe(wake: () => void): () => void {
    const wakers = (this.wakers ??= new Set());
    wakers.add(wake);
    return () => wakers.delete(wake);
  }

  wake(): void {
    if (this.wakers !== undefined) for (const wake of [...this.wakers]) wake();
  }
}
