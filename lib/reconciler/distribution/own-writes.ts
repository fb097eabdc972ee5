import type { KubeObject } from '../../api';
import { type Change, type Clock, type Reflector, keyOf, monotonicClock } from '../../kube';

/** The watch shows a write sooner; what it has not shown by then was undone before it could. */
const forgetMs = 30_000;

/** An object, and whether it was deleted although the mirror still has it. */
export interface Seen<T> {
  readonly object: T;
  readonly deleted: boolean;
}

type Write<T> = Seen<T> & { readonly at: number };

export interface OwnWritesOptions<T extends KubeObject> {
  readonly reflector: Pick<Reflector<T>, 'get' | 'by' | 'subscribe'>;
  /** Index of the reflector by owner. */
  readonly index: string;
  /** The value of that index. */
  readonly ownerOf: (object: T) => string | undefined;
  readonly clock?: Clock;
}

/**
 * The objects of an owner as they are, what was just written included: who plans again before the mirror shows it must not plan the
 * same thing twice.
 */
export class OwnWrites<T extends KubeObject> {
  private readonly writes = new Map<string, Map<string, Write<T>>>();
  private readonly clock: Clock;

  constructor(private readonly options: OwnWritesOptions<T>) {
    this.clock = options.clock ?? monotonicClock;
  }

  /** Follows the reflector until the returned function is called. */
  follow(): () => void {
    return this.options.reflector.subscribe((change) => this.see(change));
  }

  /** Takes note of an object as the API server has just answered it. */
  applied(object: T): void {
    const seen = this.options.reflector.get(keyOf(object));
    if (seen === undefined || isBehind(seen, object)) this.note(object, false);
  }

  /** Takes note of the deletion of an object. */
  deleted(object: T): void {
    if (this.options.reflector.get(keyOf(object))?.metadata.uid === object.metadata.uid)
      this.note(object, true);
  }

  of(owner: string): Seen<T>[] {
    const { reflector, index } = this.options;
    const found = new Map<string, Seen<T>>();
    for (const object of reflector.by(index, owner)) found.set(keyOf(object), { object, deleted: false });
    const writes = this.writes.get(owner);
    for (const [key, write] of writes ?? []) {
      if (this.clock.now() - write.at >= forgetMs) this.forget(owner, key);
      else found.set(key, write);
    }
    return Array.from(found.values());
  }

  private note(object: T, deleted: boolean): void {
    const owner = this.options.ownerOf(object);
    if (owner === undefined) return;
    let writes = this.writes.get(owner);
    if (writes === undefined) this.writes.set(owner, (writes = new Map<string, Write<T>>()));
    writes.set(keyOf(object), { object, deleted, at: this.clock.now() });
  }

  private see({ type, object }: Change<T>): void {
    const owner = this.options.ownerOf(object);
    const key = keyOf(object);
    const write = owner === undefined ? undefined : this.writes.get(owner)?.get(key);
    if (owner === undefined || write === undefined) return;
    const same = object.metadata.uid === write.object.metadata.uid;
    const gone = same && (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined);
    if (gone || (write.deleted ? !same : !isBehind(object, write.object))) this.forget(owner, key);
  }

  private forget(owner: string, key: string): void {
    const writes = this.writes.get(owner);
    writes?.delete(key);
    if (writes?.size === 0) this.writes.delete(owner);
  }
}

/** Whether what was seen is from before what was written. Versions of one kind rise with time. */
function isBehind(seen: KubeObject, written: KubeObject): boolean {
  return BigInt(seen.metadata.resourceVersion ?? 0) < BigInt(written.metadata.resourceVersion ?? 0);
}
