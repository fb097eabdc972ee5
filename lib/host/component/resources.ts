import { Trap } from './errors';
import type { ResourceType } from './types';

/** How one resource crosses between JavaScript and the guests of one instantiated component. */
export interface ResourceBinding {
  /** What a handle table keeps for a value that becomes the guest's; the value is the host's no longer. */
  release(value: unknown): unknown;
  /** What stands for a value that is lent. */
  rep(value: unknown): unknown;
  /** Ends the resource, whose owner was a guest. */
  drop(rep: unknown): unknown;
}

/** A resource of the host: its handles stand for its objects. */
export class HostResource implements ResourceBinding {
  constructor(
    private readonly type: ResourceType,
    private readonly hostClass: abstract new (...args: never[]) => object,
  ) {}

  release(value: unknown): unknown {
    return this.rep(value);
  }

  rep(value: unknown): unknown {
    if (!(value instanceof this.hostClass))
      throw new Trap(`expected an object of class ${this.hostClass.name} for ${this.type.name}`);
    return value;
  }

  drop(rep: unknown): void {
    (rep as Partial<Disposable>)[Symbol.dispose]?.();
  }
}

/** What a handle of a resource elsewhere may take of the host's memory: guests may hold very many. */
const MAX_REMOTE_BYTES = 4096;

/** A resource that is served elsewhere: its handles stand for the bytes by which its owner knows it. */
export class RemoteResource implements ResourceBinding {
  constructor(private readonly type: ResourceType) {}

  release(value: unknown): unknown {
    return this.rep(value);
  }

  rep(value: unknown): unknown {
    if (!(value instanceof Uint8Array))
      throw new Trap(`expected the bytes of a handle for ${this.type.name}`);
    if (value.length > MAX_REMOTE_BYTES)
      throw new Trap(
        `a handle for ${this.type.name} has ${value.length} bytes, of ${MAX_REMOTE_BYTES} at most`,
      );
    return value;
  }

  /** Nobody is told: wRPC knows no end of a handle, and neither does the host of wasmCloud 1.9. */
  drop(): void {}
}

interface Held {
  readonly rep: number;
  readonly owned: boolean;
}

/** A resource of the guest: its objects stand for the numbers that the guest gave out. */
export class GuestResource implements ResourceBinding {
  /** The class of its objects. Whoever links the exports puts methods and static functions on it. */
  readonly guestClass: new (...args: unknown[]) => object;
  /** The WIT constructor, where the component exports one. */
  construct: ((...args: unknown[]) => unknown) | undefined;
  private readonly held = new WeakMap<object, Held>();

  /** @param destroy runs the guest's destructor from outside of it. */
  constructor(
    private readonly type: ResourceType,
    private readonly destroy: (rep: number) => unknown,
  ) {
    const create = (args: unknown[]): object => this.create(args);
    this.guestClass = class {
      constructor(...args: unknown[]) {
        return create(args);
      }
    };
    const dispose = (object: object): unknown => this.dispose(object);
    Object.defineProperty(this.guestClass.prototype, Symbol.dispose, {
      value(this: object): unknown {
        return dispose(this);
      },
    });
  }

  wrap(rep: number): object {
    return this.make({ rep, owned: true });
  }

  lend(rep: number): object {
    return this.make({ rep, owned: false });
  }

  release(value: unknown): number {
    const state = this.state(value);
    if (!state.owned) throw new Trap(`${this.type.name} is only borrowed and cannot be given away`);
    this.held.delete(value as object);
    return state.rep;
  }

  rep(value: unknown): number {
    return this.state(value).rep;
  }

  drop(rep: unknown): unknown {
    return this.destroy(rep as number);
  }

  private create(args: unknown[]): object {
    if (this.construct === undefined) throw new TypeError(`${this.type.name} has no constructor`);
    return this.construct(...args) as object;
  }

  /** Gives the resource back; harmless for one that is only borrowed or is gone. */
  private dispose(object: object): unknown {
    const state = this.held.get(object);
    if (state?.owned !== true) return undefined;
    this.held.delete(object);
    return this.destroy(state.rep);
  }

  private make(state: Held): object {
    const object = Object.create(this.guestClass.prototype as object) as object;
    this.held.set(object, state);
    return object;
  }

  private state(value: unknown): Held {
    const state = typeof value === 'object' && value !== null ? this.held.get(value) : undefined;
    if (state === undefined)
      throw new Trap(`expected a ${this.type.name} of this component that is not given away`);
    return state;
  }
}
