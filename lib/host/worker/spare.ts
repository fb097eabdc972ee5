import { GuestWorker } from './guest-worker';

/**
 * A worker that has been started but belongs to nobody yet, so that replacing one takes no longer than loading the component. One is
 * enough for a whole host: it has run no guest code, and the next is started as soon as this one is taken.
 */
export class SpareWorker {
  private worker: GuestWorker | undefined;
  private stopped = false;

  /** @param script Path of the worker's bundle. */
  constructor(private readonly script: string) {
    this.worker = new GuestWorker(script);
  }

  take(): GuestWorker {
    const taken = this.worker ?? new GuestWorker(this.script);
    this.worker = undefined;
    setImmediate(() => {
      if (!this.stopped) this.worker ??= new GuestWorker(this.script);
    });
    return taken;
  }

  /** Returns a worker that has run no guest code. */
  giveBack(worker: GuestWorker): void {
    if (this.stopped || this.worker !== undefined) return worker.terminate(new Error('Worker is not needed'));
    this.worker = worker;
  }

  stop(): void {
    this.stopped = true;
    this.worker?.terminate(new Error('Host stopped'));
    this.worker = undefined;
  }
}
