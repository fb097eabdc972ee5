import { isWitError } from '../engine/engine';
import { Trap } from './errors';

/** Life of one instantiated component, with all the component instances within it: one trap ends them all. */
export class InstanceState {
  /** What ended the instance. */
  dead: Error | undefined;
  readonly components: ComponentState[];

  /** @param count how many component instances there are. */
  constructor(count: number) {
    this.components = Array.from({ length: count }, () => new ComponentState(this));
  }

  /**
   * Ends the instance and returns what to throw. Guests can catch JavaScript exceptions; whatever such a guest does next finds every
   * door shut.
   * @param where the function in whose glue it happened.
   */
  trap(error: unknown, where: string): Error {
    if (error === this.dead) return this.dead as Error;
    const ended = asTrap(error, where);
    this.dead ??= ended;
    for (const component of this.components) component.mayLeave = false;
    return ended;
  }
}

/** An error case that nobody declared must not read as one; our own errors learn where they happened. */
function asTrap(error: unknown, where: string): Error {
  if (error instanceof Trap)
    return error.where === undefined ? new Trap(error.reason, where, { cause: error.cause }) : error;
  if (!(error instanceof Error)) return new Trap(`${String(error)} was thrown`, where);
  return isWitError(error)
    ? new Trap('an error was thrown that its type does not have', where, { cause: error })
    : error;
}

/** What the canonical ABI keeps of one component instance. */
export class ComponentState {
  /** Whether the guest may call imports: not while it allocates or cleans up for a call of the host. */
  mayLeave = true;
  /** Whether a call is under way; it may be suspended. */
  entered = false;
  /** Handles lent to the guest for the call under way and not yet given back. */
  borrows = 0;

  constructor(readonly instance: InstanceState) {}

  enter(where: string): void {
    const { dead } = this.instance;
    if (dead !== undefined) {
      throw new Trap('cannot enter a component instance that has trapped', where, { cause: dead });
    }
    if (this.entered) throw new Trap('cannot enter a component instance while it serves another call', where);
    this.entered = true;
  }

  exit(): void {
    // A guest may have caught the exception that ended it.
    if (this.instance.dead !== undefined) throw this.instance.dead;
    if (this.borrows !== 0) throw new Trap('guest kept a borrowed handle');
    this.entered = false;
  }

  cannotLeave(where: string): never {
    throw this.instance.dead ?? new Trap('guest called an import while it allocated or cleaned up', where);
  }
}
