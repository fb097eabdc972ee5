import type { HostImports } from '../engine/engine';
import { always, ClosedError, InputStream, OutputStream, type ByteSink, type ByteSource } from './io';
import type { Guest, LogLevel } from './guest';

/** Longest line that is logged as one; what is longer is logged in pieces. */
const maxLineBytes = 8192;

/** The guest ended itself. It cannot be called again, and a call that is under way has no answer. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit';
  constructor(readonly code: number) {
    super(`Component called exit with ${code}`);
  }
}

class TerminalInput {}
class TerminalOutput {}

/** wasi:cli of one instance: no arguments, no environment, no terminal; what it prints becomes log lines of its actor. */
export function cli(guest: Guest): HostImports {
  const { log } = guest.context;
  return {
    'wasi:cli/environment': {
      getEnvironment: () => [],
      getArguments: () => [],
      initialCwd: () => undefined,
    },
    'wasi:cli/exit': {
      exit({ tag }: { tag: 'ok' | 'err' }): never {
        throw new GuestExit(tag === 'ok' ? 0 : 1);
      },
      exitWithCode(code: number): never {
        throw new GuestExit(code);
      },
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(guest, empty) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(guest, new LineSink('info', log)) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(guest, new LineSink('warn', log)) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
  };
}

const empty: ByteSource = {
  ...always,
  take(): never {
    throw new ClosedError('Standard input is empty');
  },
  close: () => undefined,
};

/** Cuts a stream into log lines. */
class LineSink implements ByteSink {
  private pending = Buffer.alloc(0);

  constructor(
    private readonly level: LogLevel,
    private readonly log: Guest['context']['log'],
  ) {}

  ready(): boolean {
    return true;
  }

  subscribe(): () => void {
    return () => undefined;
  }

  room(): number {
    return maxLineBytes;
  }

  write(bytes: Uint8Array): void {
    this.pending = Buffer.concat([this.pending, bytes]);
    for (;;) {
      const end = this.pending.indexOf(10);
      if (end === -1 && this.pending.length < maxLineBytes) return;
      const cut = end === -1 ? maxLineBytes : end;
      this.line(this.pending.subarray(0, cut));
      this.pending = this.pending.subarray(end === -1 ? cut : cut + 1);
    }
  }

  close(): void {
    if (this.pending.length > 0) this.line(this.pending);
    this.pending = Buffer.alloc(0);
  }

  private line(bytes: Uint8Array): void {
    this.log(this.level, Buffer.from(bytes).toString('utf8'));
  }
}
