import { KasmError } from '../../base/errors';

/**
 * Why a call failed.
 *
 * - `NoResponders`: nobody in the lattice serves that function
 * - `Disconnected`: NATS is not connected, or was lost during the call
 * - `DeadlineExceeded`: no result in time; whether the function ran is unknown
 * - `Incomplete`: the peer ended a value before it was whole, which is how wRPC reports a failure on its side
 * - `Refused`: the peer answered with an error status instead of accepting the call
 * - `Malformed`: bytes from the peer are not a value of the expected type
 * - `InvalidArgument`: a value given by this program is not of the expected type
 * - `TooLarge`: a value or a stream's backlog is beyond a limit of this process
 * - `Aborted`: this program gave up the call
 */
export type WrpcReason =
  | 'NoResponders'
  | 'Disconnected'
  | 'DeadlineExceeded'
  | 'Incomplete'
  | 'Refused'
  | 'Malformed'
  | 'InvalidArgument'
  | 'TooLarge'
  | 'Aborted';

/** A call that failed for a reason of the transport, not of the function: those are `WitError`s. */
export class WrpcError extends KasmError {
  override readonly name = 'WrpcError';

  constructor(
    readonly reason: WrpcReason,
    message: string,
    remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, remedy, options);
  }
}

export { WitError, isWitError } from '../../base/wit-error';
