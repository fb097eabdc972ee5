import { KasmError } from '../../base/errors';

/** Why a call could not be routed. */
export type RouteErrorReason =
  /** No WasmCloudLink says whom to call. */
  | 'LinkNotFound'
  /** The target runs on this host and does not export the function. */
  | 'NotExported'
  /** The target does not run on this host, and nobody of the lattice serves the function. */
  | 'NoResponders'
  /** The target does not run on this host, and NATS is away. */
  | 'Disconnected'
  /** The configuration of the link refers to something that is missing. */
  | 'LinkNotReady';

/** A call that never reached its target. */
export class RouteError extends KasmError {
  override readonly name = 'RouteError';

  constructor(
    readonly reason: RouteErrorReason,
    message: string,
    remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, remedy, options);
  }
}
