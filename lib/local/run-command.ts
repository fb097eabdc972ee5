import { spawn } from 'node:child_process';
import { KasmError } from '../base/errors';

export interface CommandOptions {
  readonly cwd?: string;
  /** Variables on top of this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

const tailBytes = 4000;

/** Runs a command to its end and returns its standard output. Throws with the end of what it printed when it fails. */
export function runCommand(
  file: string,
  args: readonly string[],
  { cwd, env, signal }: CommandOptions = {},
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
