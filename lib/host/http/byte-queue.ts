/** A body on its way to one reader, which may read as slowly as it likes: who fills it is told what was read. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  private readonly chunks: Uint8Array[] = [];
  private ended = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly onTaken: (bytes: number) => void,
    /** Told when the reader wants no more before the end. */
    private readonly onLeft: () => void,
  ) {}

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.wake?.();
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Nothing more will come; what is here is still given. */
  fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const chunk = this.chunks.shift();
        if (chunk !== undefined) {
          yield chunk;
          this.onTaken(chunk.length);
        } else if (this.ended) return;
        else if (this.error !== undefined) throw this.error;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      if (!this.ended && this.error === undefined) this.onLeft();
    }
  }
}
