import type { WitFunction } from '../../lattice';

/** A call that a component of this host makes to whatever its links say. */
export interface OutgoingCall {
  /** Namespace of the caller's lattice. */
  readonly namespace: string;
  /** Component id of the caller. */
  readonly source: string;
  /** Name of the link to follow. */
  readonly linkName: string;
  /** Interface as links name it, without or with a version: `acme:clock/time@0.1.0`, `wasi:keyvalue/store`. */
  readonly interface: string;
  /** Interface as the target serves it. @default `interface` */
  readonly wireInterface?: string | undefined;
  /** Function as WIT spells it: `list-keys`. */
  readonly function: string;
  readonly signature: WitFunction;
  readonly args: readonly unknown[];
  /** W3C trace context of the caller. */
  readonly traceparent?: string | undefined;
  /** How long to wait for the answer, in milliseconds. */
  readonly deadlineMs: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

/** Answers calls of components. Resolves with the result, rejects with a `WitError` for the `err` of the function's own `result`. */
export interface CallRoute {
  /** @throws RouteError when the call cannot reach anybody; CallError or WrpcError when it could, and came to nothing. */
  call(call: OutgoingCall): Promise<unknown>;
}
