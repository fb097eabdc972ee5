/** Work that several callers wait for; it is aborted when the last of them has stopped waiting. */
export class SharedWork {
  private readonly controller = new AbortController();
  private readonly result: Promise<void>;
  private waiting = 0;

  constructor(work: (signal: AbortSignal) => Promise<void>) {
    this.result = work(this.controller.signal);
  }

  /** Whether it was aborted: it can no longer be joined, only be waited out with {@link ended}. */
  get abandoned(): boolean {
    return this.controller.signal.aborted;
  }

  /** Resolves when the work has ended, well or not. */
  async ended(): Promise<void> {
    await Promise.allSettled([this.result]);
  }

  /** Waits for the result, or rejects with the signal's reason as soon as it aborts. */
  async join(signal: AbortSignal | undefined): Promise<void> {
    this.waiting++;
    const aborted = new Promise<never>((_resolve, reject) => {
      const abort = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort, { once: true });
      void this.ended().then(() => signal?.removeEventListener('abort', abort));
    });
    try {
      await Promise.race([this.result, aborted]);
    } finally {
      if (--this.waiting === 0) this.controller.abort(signal?.reason);
    }
  }
}
