/** Longest time to go without a look, should a wake-up be missed. */
const lookMs = 100;

/** Places in the shared memory. */
const taken = 0;
const limit = 1;
const changes = 2;
const waiters = 3;

/** `Atomics.waitAsync`, which Node 24 has and our types, those of ES2023, have not. */
const { waitAsync } = Atomics as unknown as {
  waitAsync: (cells: Int32Array, index: number, value: number, ms: number) => { value: unknown };
};

/** How many calls an actor serves at once, counted over all threads that accept calls for it. */
export class Permits {
  private readonly cells: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.cells = new Int32Array(buffer);
  }

  get limit(): number {
    return Atomics.load(this.cells, limit);
  }

  set limit(value: number) {
    Atomics.store(this.cells, limit, value);
    this.announce();
  }

  /** How many are taken. */
  get taken(): number {
    return Atomics.load(this.cells, taken);
  }

  tryTake(): boolean {
    for (;;) {
      const now = Atomics.load(this.cells, taken);
      if (now >= this.limit) return false;
      if (Atomics.compareExchange(this.cells, taken, now, now + 1) === now) return true;
    }
  }

  giveBack(count = 1): void {
    Atomics.sub(this.cells, taken, count);
    this.announce();
  }

  /** Resolves when one may have become free. */
  async changed(): Promise<void> {
    Atomics.add(this.cells, waiters, 1);
    try {
      await waitAsync(this.cells, changes, Atomics.load(this.cells, changes), lookMs).value;
    } finally {
      Atomics.sub(this.cells, waiters, 1);
    }
  }

  private announce(): void {
    if (Atomics.load(this.cells, waiters) === 0) return;
    Atomics.add(this.cells, changes, 1);
    Atomics.notify(this.cells, changes);
  }
}
