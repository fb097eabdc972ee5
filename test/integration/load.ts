import { messageOf } from '../../lib/base/errors';

/** Calls that go on, several of each kind at a time, until they are stopped. */
export class Load {
  /** Calls of one kind that are under way at a time. */
  readonly width = 4;
  /** Calls that have ended. */
  calls = 0;
  private running = true;
  private readonly failures: string[] = [];
  private readonly loops: Promise<void>[];

  /** @param kinds Each does one call and rejects when it fails, by what to call it. */
  constructor(kinds: Readonly<Record<string, () => Promise<void>>>) {
    this.loops = Object.entries(kinds).flatMap(([name, call]) =>
      Array.from({ length: this.width }, () => this.repeat(name, call)),
    );
  }

  /** Resolves when so many calls have ended. */
  async until(calls: number): Promise<void> {
    while (this.calls < calls) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Lets the calls under way end, and resolves with what has failed. */
  async stop(): Promise<string[]> {
    this.running = false;
    await Promise.all(this.loops);
    return this.failures;
  }

  private async repeat(name: string, call: () => Promise<void>): Promise<void> {
    while (this.running) {
      try {
        await call();
      } catch (error) {
        this.failures.push(`${name}: ${messageOf(error)}`);
      }
      this.calls++;
    }
  }
}
