import { KasmError } from '../../base/errors';

/** Bytes that are not a component this host can run. */
export class InvalidComponent extends KasmError {
  override readonly name = 'InvalidComponent';

  constructor(
    /** What is wrong, as one sentence without a full stop. */
    readonly reason: string,
    /** Where in the component's bytes it was found, counted from its first byte. */
    readonly offset: number,
    options?: ErrorOptions,
  ) {
    super(
      `Invalid component at byte ${offset}: ${reason}`,
      'Build it for WASI 0.2 and check it with `wasm-tools validate`',
      options,
    );
  }
}

/**
 * A call that ended the instance: the guest broke the canonical ABI or a bound, or the host's own binding failed. The instance must not
 * be used again.
 */
export class Trap extends Error {
  override readonly name = 'Trap';

  constructor(
    readonly reason: string,
    /** The function in whose passing of values it happened: `wasi:http/types@0.2.3#[method]fields.get`. */
    readonly where?: string,
    options?: ErrorOptions,
  ) {
    super(where === undefined ? reason : `${where}: ${reason}`, options);
  }
}
