/**
 * The `err` of a function that returns `result`: thrown by whoever serves the function to return it, and by whatever calls it to hand it on.
 */
export class WitError<E = unknown> extends Error {
  override readonly name = 'WitError';

  constructor(
    /** The error value, in the JavaScript form of its WIT type. */
    readonly payload: E,
    options?: ErrorOptions,
  ) {
    super(undefined, options);
  }

  /** Made when asked for: most of these errors are answers that nobody prints. */
  override get message(): string {
    return `The function returned an error: ${describe(this.payload)}`;
  }
}

/** Whether something thrown carries a WIT error value, in whatever class: generated code has classes of its own. */
export function isWitError(error: unknown): error is { readonly payload: unknown } {
  return error instanceof Error && 'payload' in error;
}

function describe(payload: unknown): string {
  if (typeof payload === 'string') return payload;
  const text = JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  ) as string | undefined;
  return text ?? 'no payload';
}
