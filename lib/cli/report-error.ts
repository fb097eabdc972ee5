import { KasmError, messageOf } from '../base/errors';

/** Somebody pressed Ctrl-C, or a signal said the like. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const interruptedExitCode = 130;

/** Tells a person what went wrong, on standard error: a line and its remedy; the stack only for who asks. Returns the exit code. */
export function reportError(error: unknown, verbose: boolean): number {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return interruptedExitCode;
  }
  const expected = error instanceof KasmError;
  process.stderr.write(`error: ${expected ? withRemedyBelow(error) : messageOf(error)}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  else if (!expected)
    process.stderr.write('This is not an error that was foreseen; -v shows where it comes from\n');
  return 1;
}

/** The message with its causes, and what to do about it on a line of its own. */
function withRemedyBelow({ message, remedy, cause }: KasmError): string {
  const own = remedy === undefined ? message : message.replace(`. ${remedy}`, '');
  const why = cause === undefined ? '' : messageOf(cause).trim();
  // Some tell their cause in their own words.
  const whole = own.includes(why) ? own : `${own}: ${why}`;
  return [whole.trimEnd(), ...(remedy === undefined ? [] : [remedy])].join('\n');
}
