import type { SecretValues } from '../../lattice/provider-contract';
import type { PrepareOptions, Prepared } from '../engine/engine';
import type { LinkedCall, LogLevel } from '../wasi/guest';
import type { RawHeaders } from '../wasi/http/fields';

/**
 * What the main thread and a worker say to each other: arrays, as they cost least to clone. `id` is the call's, unique within the worker.
 * A request with a small body and a response with a small body are one message each.
 */
export type ToWorker =
  /** Compile a component; the answer is `prepared` or `failed`. */
  | readonly ['prepare', wasmPath: string, digest: string, PrepareOptions]
  /** What to run from now on: said once, and nothing is compiled after it. */
  | readonly ['load', Assignment]
  | readonly ['config', Readonly<Record<string, string>>, SecretValues]
  | readonly [
      'request',
      id: number,
      method: string,
      target: string,
      scheme: 'HTTP' | 'HTTPS',
      authority: string | undefined,
      headers: RawHeaders,
      /** All of it, or `stream`: then chunks follow. */
      body: Uint8Array | 'stream' | undefined,
    ]
  | readonly ['chunk', id: number, bytes: Uint8Array]
  | readonly ['end', id: number, trailers: RawHeaders | undefined]
  /** Bytes of the response that are out of the host's memory. */
  | readonly ['took', id: number, bytes: number]
  /** The client has gone. */
  | readonly ['gone', id: number]
  /** Call an exported function. */
  | readonly [
      'call',
      id: number,
      interfaceName: string,
      /** In camelCase. */
      func: string,
      args: readonly unknown[],
      traceparent: string | undefined,
    ]
  /** What came of a call that a guest made: the result, its `err`, or as text why there is neither. */
  | readonly ['answer', invocation: number, 'ok' | 'err' | 'failed', value: unknown]
  /** The next part of the stream in an answer: bytes, or one item. */
  | readonly ['flow', invocation: number, part: unknown]
  /** Nothing more follows the answer: with the value of its future, the `err` of its stream, or as text why it broke off. */
  | readonly ['flow-end', invocation: number, 'ok' | 'err' | 'failed', value: unknown]
  /** Bytes of the stream in the parameters that were taken. */
  | readonly ['flow-took', invocation: number, bytes: number]
  /** No more is wanted of the stream in the parameters. */
  | readonly ['flow-left', invocation: number]
  /** Take connections from this pipe, and serve them. */
  | readonly ['accept', file: string]
  /** End the connections of an address. */
  | readonly ['unlisten', listener: number, graceMs: number]
  /** Let go of so many connections, as another worker has fewer: their clients come back. */
  | readonly ['shed', connections: number];

export type FromWorker =
  | readonly ['ready']
  | readonly ['prepared', Prepared]
  | readonly ['failed', FailureReport]
  | readonly ['log', level: LogLevel, message: string, context: string | undefined]
  | readonly [
      'response',
      id: number,
      status: number,
      headers: RawHeaders,
      body: Uint8Array | undefined,
      /** Whether that was all of the body. */
      ended: boolean,
      trailers: RawHeaders | undefined,
      /** Whether the guest has returned: it may run on after its response. */
      returned: boolean,
    ]
  | readonly ['chunk', id: number, bytes: Uint8Array]
  | readonly ['end', id: number, trailers: RawHeaders | undefined, returned: boolean]
  /** Bytes of the request body that the guest has read. */
  | readonly ['took', id: number, bytes: number]
  /** The guest returned after its response was sent. */
  | readonly ['returned', id: number]
  /** What a called function returned, or its `err`. */
  | readonly ['result', id: number, 'ok' | 'err', value: unknown]
  /** A guest calls a function that a link leads to. */
  | readonly ['invoke', invocation: number, LinkedCall]
  /** The answer is not wanted any more. */
  | readonly ['forget', invocation: number]
  /** The next part of the stream in the parameters. */
  | readonly ['flow', invocation: number, bytes: Uint8Array]
  /** The stream in the parameters has ended, whole or broken off, with the value of the future beside it. */
  | readonly ['flow-end', invocation: number, whole: boolean, value: unknown]
  /** How much of the stream in the answer was taken. */
  | readonly ['flow-took', invocation: number, size: number]
  /** The call came to nothing; what was sent of a response is not whole. */
  | readonly ['error', id: number, CallFailure, message: string]
  /** A connection was taken. */
  | readonly ['connected', offer: number]
  /** No connection is left. */
  | readonly ['unlistened', listener: number];

/** Why a call came to nothing. */
export type CallFailure = 'Trapped' | 'DeadlineExceeded' | 'NoResponse';

/** Everything a worker needs to know of its actor. */
export interface Assignment {
  readonly prepared: Prepared;
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: SecretValues;
  readonly executionTimeMs: number;
  /** Whether an instance serves more than one call. */
  readonly reuse: boolean;
  /** {@link Permits} of the actor. */
  readonly permits: SharedArrayBuffer;
}

/** Why a worker could not compile a component, or make its first instance. */
export type FailureReport =
  /** A TerminalError; the message includes its remedy. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  | { readonly kind: 'import'; readonly importName: string; readonly member: string | undefined }
  | { readonly kind: 'component'; readonly message: string };

/** What the worker is given at its start, before it belongs to an actor. */
export interface WorkerData {
  /** {@link WorkerState} of the worker. */
  readonly state: SharedArrayBuffer;
}

/** From this size on, bytes are handed over instead of cloned. */
const transferBytes = 16_384;

const { timeOrigin } = performance;

/** Milliseconds on a clock that all threads of the process share. */
export function monotonicMs(): number {
  return timeOrigin + performance.now();
}

/** The buffers of a message that can change hands: big, and of nobody else's. */
export function transferable(bytes: Uint8Array | undefined): ArrayBuffer[] | undefined {
  return bytes !== undefined && bytes.length >= transferBytes && bytes.length === bytes.buffer.byteLength
    ? [bytes.buffer as ArrayBuffer]
    : undefined;
}
