import { closeSync, existsSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import { Installation } from '../local/installation';
import { lastLines } from '../local/log-file';
import { onInterrupt } from './interrupt';
import type { CommonOptions } from './main';
import { Interrupted } from './report-error';

export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly tail: number;
  /** Prints each line as JSON. */
  readonly json?: boolean;
}

const followMs = 200;

/** `kasmcloud logs [process]`: the end of one log, or of all with their names before each line. */
export async function logs(name: string | undefined, options: LogsOptions): Promise<void> {
  const installation = Installation.named(options.name);
  const names = existsSync(installation.logDir)
    ? readdirSync(installation.logDir)
        .filter((file) => file.endsWith('.log'))
        .map((file) => path.basename(file, '.log'))
    : [];
  if (names.length === 0) {
    throw new KasmError(`Installation ${installation.name} has no logs`, 'Start it with `kasmcloud up`');
  }
  if (name !== undefined && !names.includes(name)) {
    throw new KasmError(`There is no process ${name}`, `There are: ${names.join(', ')}`);
  }
  const chosen = name === undefined ? names : [name];
  const show = (process_: string, line: string): void => {
    if (options.json) process.stdout.write(`${JSON.stringify({ process: process_, line })}\n`);
    else process.stdout.write(chosen.length > 1 ? `${process_} | ${line}\n` : `${line}\n`);
  };
  const followers = chosen.map((each) => {
    const file = path.join(installation.logDir, `${each}.log`);
    const follower = new Follower(file);
    for (const line of lastLines(file, options.tail)) show(each, line);
    return { each, follower };
  });
  if (!options.follow) return;

  const signal = onInterrupt('');
  while (!signal.aborted) {
    for (const { each, follower } of followers) for (const line of follower.more()) show(each, line);
    await sleep(followMs, signal).catch((error: unknown) => {
      if (!(error instanceof Interrupted)) throw error;
    });
  }
}

/** Reads what is appended to a file from now on. */
class Follower {
  private offset: number;
  private rest = '';

  constructor(private readonly file: string) {
    this.offset = this.read((fd) => fstatSync(fd).size);
  }

  more(): string[] {
    const text = this.read((fd) => {
      const { size } = fstatSync(fd);
      // The log was set aside: what is in the file now is all new.
      if (size < this.offset) this.offset = 0;
      const chunk = Buffer.alloc(size - this.offset);
      readSync(fd, chunk, 0, chunk.length, this.offset);
      this.offset = size;
      return chunk.toString();
    });
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    return lines;
  }

  private read<T>(use: (fd: number) => T): T {
    const fd = openSync(this.file, 'r');
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  }
}
