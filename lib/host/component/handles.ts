import { Trap } from './errors';
import type { ComponentState } from './state';

/** More than any guest needs, little enough for the host to keep. */
const MAX_HANDLES = 1 << 20;
const FREE = -1;

/**
 * The resources that one component instance holds, by the numbers it knows them by. A host resource is represented by its object, a
 * guest's by the number that its component chose.
 */
export class Handles {
  /** `2 * resource id`, plus one if owned; the slot of number 0 is never used. */
  private readonly kinds: number[] = [FREE];
  private readonly reps: unknown[] = [undefined];
  private readonly free: number[] = [];

  constructor(private readonly state: ComponentState) {}

  own(resource: number, rep: unknown): number {
    return this.add(resource * 2 + 1, rep);
  }

  /** A handle that the guest must drop before the call ends. */
  borrow(resource: number, rep: unknown): number {
    const handle = this.add(resource * 2, rep);
    this.state.borrows++;
    return handle;
  }

  /** What a handle of this resource stands for, owned or borrowed. */
  rep(handle: number, resource: number): unknown {
    const kind = this.kinds[handle];
    if (kind === undefined || kind >> 1 !== resource) return this.unknown(handle);
    return this.reps[handle];
  }

  /** Takes an owned handle away from the guest. */
  take(handle: number, resource: number): unknown {
    if (this.kinds[handle] !== resource * 2 + 1) return this.unknown(handle);
    const rep = this.reps[handle];
    this.remove(handle);
    return rep;
  }

  /** Takes any handle away. Says whether it was owned, so that the resource itself goes too. */
  drop(handle: number, resource: number): { readonly owned: boolean; readonly rep: unknown } {
    const rep = this.rep(handle, resource);
    const owned = this.kinds[handle] === resource * 2 + 1;
    this.remove(handle);
    if (!owned) this.state.borrows--;
    return { owned, rep };
  }

  /** Everything still owned, when the instance goes. */
  *owned(): Generator<{ readonly resource: number; readonly rep: unknown }> {
    for (let handle = 1; handle < this.kinds.length; handle++) {
      const kind = this.kinds[handle] ?? FREE;
      if (kind !== FREE && (kind & 1) === 1) yield { resource: kind >> 1, rep: this.reps[handle] };
    }
  }

  private add(kind: number, rep: unknown): number {
    const handle = this.free.pop() ?? this.kinds.length;
    if (handle > MAX_HANDLES) throw new Trap(`guest holds more than ${MAX_HANDLES} handles`);
    this.kinds[handle] = kind;
    this.reps[handle] = rep;
    return handle;
  }

  private remove(handle: number): void {
    this.kinds[handle] = FREE;
    this.reps[handle] = undefined;
    this.free.push(handle);
  }

  private unknown(handle: number): never {
    throw new Trap(`guest used handle ${handle}, which is not one of this resource`);
  }
}
