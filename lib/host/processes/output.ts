import type { Readable } from 'node:stream';
import type { LatticeLogger } from '../../lattice/logger';

/** A longer line is cut: nobody reads it, and it would have to be held in memory. */
const MAX_LINE = 8 << 10;
/** Lines a second that go to the log; the others are counted. */
const MAX_RATE = 100;
/** How much of the end is kept for whoever asks why a process ended. */
const TAIL_LINES = 10;
const TAIL_CHARS = 2_000;

/** What a process writes, line by line in the host's log and with the process's own name. Secrets that it was given are left out. */
export class Output {
  private readonly last: string[] = [];
  private second = 0;
  private lines = 0;
  private dropped = 0;

  constructor(
    private readonly log: LatticeLogger,
    /** The provider, as `namespace/name`. */
    private readonly provider: string,
    private readonly secrets: readonly string[],
  ) {}

  /** The last lines, for people. */
  get tail(): string {
    return this.last.join('\n').slice(-TAIL_CHARS);
  }

  /** Resolves when the stream has ended. */
  async follow(stream: Readable, name: 'stdout' | 'stderr'): Promise<void> {
    let line = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream as AsyncIterable<string>) {
      const parts = chunk.split('\n');
      const rest = parts.pop() ?? '';
      for (const part of parts) {
        this.write(name, line + part);
        line = '';
      }
      if (line.length < MAX_LINE) line += rest.slice(0, MAX_LINE - line.length);
    }
    if (line !== '') this.write(name, line);
  }

  private write(stream: 'stdout' | 'stderr', text: string): void {
    const line = this.redacted(text).slice(0, MAX_LINE).trimEnd();
    this.last.push(line);
    if (this.last.length > TAIL_LINES) this.last.shift();
    const now = Math.floor(performance.now() / 1000);
    if (now !== this.second) {
      if (this.dropped > 0)
        this.log.warn(
          { provider: this.provider, lines: this.dropped },
          'Provider wrote more lines than are logged',
        );
      Object.assign(this, { second: now, lines: 0, dropped: 0 });
    }
    if (++this.lines > MAX_RATE) this.dropped++;
    else this.log.info({ provider: this.provider, stream, line }, 'Provider wrote');
  }

  /** Providers print what they were given when they do not understand it. */
  private redacted(line: string): string {
    return this.secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line);
  }
}
