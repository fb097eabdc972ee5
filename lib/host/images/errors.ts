import { KasmError, TerminalError } from '../../base/errors';

/** Reasons of a pull that failed and may succeed later without any change of the resource. */
export type PullFailure = 'ImageNotFound' | 'ImagePullUnauthorized' | 'ImagePullFailed' | 'ImageNeverPull';

/**
 * A pull that failed and is worth trying again with back-off: the image may be pushed, the credentials granted, the registry come back.
 * What only a change of the resource can mend is a `TerminalError` instead.
 */
export class ImagePullError extends KasmError {
  override readonly name = 'ImagePullError';

  constructor(
    readonly reason: PullFailure,
    message: string,
    remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, remedy, options);
  }
}

/** An image that is over the bound of this host. */
export function tooLarge(image: string, size: number, limit: number): TerminalError {
  return new TerminalError(
    'ImageTooLarge',
    `Image ${image} has ${size} bytes, more than the ${limit} that this host loads`,
    'Strip debug information from the component',
  );
}
