import { WrpcError } from './errors';

/** How many bytes all unread messages of a connection may hold together. */
export class Budget {
  constructor(private left: number) {}

  /** Takes `bytes` when they are there; the taker gives them back. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }
}

/** Tells the writer that a message was read (`true`), or that nothing more is wanted (`false`). */
export type Confirm = (more: boolean) => void;

/**
 * The bytes of one deferred value between their arrival and one reader. A peer that does not wait for confirmation cannot be
 * slowed down: what arrives unread is kept up to a bound, and beyond it the channel fails – that value alone, not the call.
 */
export class ByteChannel {
  private readonly unread: { bytes: Uint8Array; confirm: Confirm | undefined }[] = [];
  private size = 0;
  private ended = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly maxBytes: number,
    private readonly budget: Budget,
    /** Called once, when nothing more can arrive or nobody wants it. */
    private readonly closed: () => void = () => undefined,
  ) {}

  /** Whether nothing more can arrive. */
  get isEnded(): boolean {
    return this.ended;
  }

  push(bytes: Uint8Array, confirm?: Confirm): void {
    if (this.ended) {
      confirm?.(false);
      return;
    }
    if (this.size + bytes.length > this.maxBytes || !this.budget.take(bytes.length)) {
      this.fail(
        new WrpcError(
          'TooLarge',
          `A stream has ${this.size + bytes.length} bytes that were not read`,
          'Read it faster, or raise maxStreamBytes',
        ),
      );
      confirm?.(false);
      return;
    }
    this.size += bytes.length;
    this.unread.push({ bytes, confirm });
    this.wake?.();
  }

  /** The peer closed the channel. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.wake?.();
    this.closed();
  }

  /** What was not read is dropped, and reading throws `error`. Nothing happens when all has arrived. */
  fail(error: Error): void {
    if (this.ended) return;
    this.error = error;
    this.drop();
    this.end();
  }

  /** The reader wants nothing more. */
  cancel(): void {
    this.drop();
    this.end();
  }

  /** The next bytes, or undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = this.unread.shift();
      if (next !== undefined) {
        this.size -= next.bytes.length;
        this.budget.give(next.bytes.length);
        next.confirm?.(true);
        return next.bytes;
      }
      if (this.error) throw this.error;
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
  }

  private drop(): void {
    this.budget.give(this.size);
    this.size = 0;
    for (const { confirm } of this.unread.splice(0)) confirm?.(false);
  }
}
