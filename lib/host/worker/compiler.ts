import { TerminalError, messageOf } from '../../base/errors';
import type { Engine, PrepareOptions, Prepared } from '../engine/engine';
import type { SpareWorker } from './spare';

/** Components that are kept although nobody runs them: what stops often starts again. */
const keptCount = 4;

/**
 * Prepares components in a thread of their own, so that a large one holds nobody up, and one that is made to harm the compiler harms nobody.
 * A component is compiled once, however many ask for it at once, and shared by all that run it.
 */
export class Compiler implements Engine {
  private readonly running = new Map<string, Promise<Prepared>>();
  /** What somebody runs, or what was not yet forgotten. */
  private readonly known = new Map<string, WeakRef<Prepared>>();
  /** The ones used last, so that they are not forgotten; the last is the newest. */
  private readonly kept = new Map<string, Prepared>();

  constructor(private readonly spare: SpareWorker) {}

  async prepare(wasmPath: string, digest: string, options: PrepareOptions): Promise<Prepared> {
    const key = `${digest} ${options.memoryBytes}`;
    const known = this.known.get(key)?.deref();
    if (known !== undefined) return this.keep(key, known);
    let running = this.running.get(key);
    if (running === undefined) {
      running = this.compile(wasmPath, digest, options).finally(() => this.running.delete(key));
      this.running.set(key, running);
    }
    return this.keep(key, await running);
  }

  private keep(key: string, prepared: Prepared): Prepared {
    this.known.set(key, new WeakRef(prepared));
    this.kept.delete(key);
    this.kept.set(key, prepared);
    for (const oldest of [...this.kept.keys()].slice(0, -keptCount)) this.kept.delete(oldest);
    for (const [each, reference] of this.known) if (reference.deref() === undefined) this.known.delete(each);
    return prepared;
  }

  private async compile(wasmPath: string, digest: string, options: PrepareOptions): Promise<Prepared> {
    const worker = this.spare.take();
    try {
      const prepared = await worker.prepare(wasmPath, digest, options);
      // No guest code has run in it.
      this.spare.giveBack(worker);
      return prepared;
    } catch (error) {
      worker.terminate(error as Error);
      if (error instanceof TerminalError) throw error;
      throw new TerminalError(
        'InvalidComponent',
        `${wasmPath} could not be compiled: ${messageOf(error)}`,
        'Make the component smaller, or run it with another host of WASI 0.2 to see whether it is at fault',
        { cause: error },
      );
    }
  }
}
