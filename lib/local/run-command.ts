import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { KasmError } from '../base/errors';

export interface CommandOptions {
  readonly cwd?: string;
  /** Variables on top of this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Called with each line that it prints, on either output. */
  readonly onLine?: (line: string) => void;
}

const tailBytes = 64 * 1024;

/** A command that ended with another code than 0. */
export class CommandFailed extends KasmError {
  constructor(
    command: string,
    /** How it ended: `code 1`, `SIGKILL`. */
    readonly ending: string,
    /** The end of what it printed. */
    readonly output: string,
  ) {
    super(`${command} ended with ${ending}:\n${output}`);
  }
}

/**
 * Runs a command to its end and returns its standard output.
 * @throws CommandFailed with the end of what it printed, or the reason of `signal` when that aborts it
 */
export function runCommand(
  file: string,
  args: readonly string[],
  { cwd, env, signal, onLine }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    });
    const output: Buffer[] = [];
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output.push(chunk);
      tail = (tail + chunk.toString()).slice(-tailBytes);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-tailBytes);
    });
    if (onLine !== undefined) {
      for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine);
    }
    child.on('error', (cause) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      reject(
        new KasmError(
          `Could not run ${file}`,
          (cause as NodeJS.ErrnoException).code === 'ENOENT'
            ? `Install ${file}, or put it on PATH`
            : undefined,
          { cause },
        ),
      );
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(Buffer.concat(output).toString());
      reject(new CommandFailed([file, ...args].join(' '), killedBy ?? `code ${code}`, tail.trim()));
    });
  });
}
