import type { LogLevel } from '../wasi/guest';

const linesPerSecond = 200;
const burst = 1000;
const maxMessageLength = 16_384;

/** Lets a guest log as much as a person can read, and says how much was left out. */
export class LogLimit {
  private tokens = burst;
  private filledAt = performance.now();
  private dropped = 0;

  constructor(
    private readonly write: (level: LogLevel, message: string, context: string | undefined) => void,
  ) {}

  log(level: LogLevel, message: string, context: string | undefined): void {
    const now = performance.now();
    this.tokens = Math.min(burst, this.tokens + ((now - this.filledAt) / 1000) * linesPerSecond);
    this.filledAt = now;
    if (this.tokens < 1) {
      this.dropped++;
      return;
    }
    this.tokens--;
    if (this.dropped > 0) {
      this.write(
        'warn',
        `Left out ${this.dropped} lines, as there were more than ${linesPerSecond} a second`,
        undefined,
      );
      this.dropped = 0;
    }
    this.write(level, message.slice(0, maxMessageLength), context);
  }
}
