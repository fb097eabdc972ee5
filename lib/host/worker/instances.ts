import type { HostImports, Instance, LoadedComponent } from '../engine/engine';
import { Guest, type GuestContext } from '../wasi/guest';

/** How long an instance that nobody needs is kept. */
const trimMs = 30_000;

/** An instance and the host's view of it. */
export interface Lease {
  readonly guest: Guest;
  readonly instance: Instance;
}

/** The instances of one worker: those that are free, and as many more as are asked for. */
export class Instances {
  private readonly free: Lease[] = [];
  /** Fewest free instances since the last trim: so many were not needed. */
  private unused = 0;

  constructor(
    private readonly component: LoadedComponent,
    private readonly context: GuestContext,
    private readonly imports: (guest: Guest) => HostImports,
    /** Whether an instance serves more than one call. */
    private readonly reuse: boolean,
  ) {
    setInterval(() => this.trim(), trimMs).unref();
  }

  /** A free instance, the most recently used first, as its memory is warm. */
  take(): Lease | undefined {
    const lease = this.free.pop();
    this.unused = Math.min(this.unused, this.free.length);
    return lease;
  }

  /** A new instance; it is the taker's until it is given back, and simply dropped when it has trapped. */
  async create(): Promise<Lease> {
    const guest = new Guest(this.context);
    return { guest, instance: await this.component.instantiate(this.imports(guest)) };
  }

  /** Keeps an instance that has not been used yet. */
  keep(lease: Lease): void {
    this.free.push(lease);
  }

  /** Takes an instance back after a call. */
  giveBack(lease: Lease): void {
    if (this.reuse) this.keep(lease);
  }

  private trim(): void {
    this.free.splice(0, Math.min(this.unused, this.free.length - 1));
    this.unused = this.free.length;
  }
}
