/**
 * Every failure that a person reads says three things: where it is (a file, a field path, an object), what was found there, and
 * what to do about it.
 */
export class KasmError extends Error {
  override readonly name: string = 'KasmError';

  constructor(
    /** What is wrong, with its path and value, as one sentence without a full stop. */
    message: string,
    /** What to do about it. */
    readonly remedy?: string,
    options?: ErrorOptions,
  ) {
    super(remedy === undefined ? message : `${message}. ${remedy}`, options);
  }
}

/** A failure that trying again cannot mend: it is reported once and retried only when its input changes. */
export class TerminalError extends KasmError {
  override readonly name = 'TerminalError';

  constructor(
    /** CamelCase reason for a status condition, e.g. `ImageNotFound`. */
    readonly reason: string,
    message: string,
    remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, remedy, options);
  }
}

/** The message of anything that was thrown, with the messages of its causes behind it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}
