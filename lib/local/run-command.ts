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

const tailBytes = 2000;

/** Runs a command to its end and returns its standard output. Throws with the end of what it printed when it fails. */
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
      reject(
        new KasmError(
          `${[file, ...args].join(' ')} ended with ${killedBy ?? `code ${code}`}:\n${tail.trim()}`,
        ),
      );
    });
  });
}
