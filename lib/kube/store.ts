import type { KubeObject } from '../api/resource';
import { keyOf } from './key';

/** Gives an object's values in an index. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by key, and by the values of named indexes. */
export class Store<T extends KubeObject> {
  private readonly objects = new Map<string, T>();
  private readonly indexes = new Map<
    string,
    { of: IndexFunction<T>; entries: Map<string, Map<string, T>> }
  >();

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    for (const [name, of] of Object.entries(indexes)) this.indexes.set(name, { of, entries: new Map() });
  }

  get size(): number {
    return this.objects.size;
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.objects.keys();
  }

  list(): T[] {
    return Array.from(this.objects.values());
  }

  /** The objects whose index `index` has `value`. */
  by(index: string, value: string): T[] {
    const found = this.indexes.get(index);
    if (found === undefined) throw new Error(`No index ${JSON.stringify(index)}`);
    return Array.from(found.entries.get(value)?.values() ?? []);
  }

  /** Stores an object and returns the one it takes the place of. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.objects.get(key);
    if (old !== undefined) this.unindex(key, old);
    this.objects.set(key, object);
    for (const { of, entries } of this.indexes.values()) {
      for (const value of of(object)) {
        let entry = entries.get(value);
        if (entry === undefined) entries.set(value, (entry = new Map<string, T>()));
        entry.set(key, object);
      }
    }
    return old;
  }

  /** Removes an object and returns it. */
  delete(key: string): T | undefined {
    const old = this.objects.get(key);
    if (old === undefined) return undefined;
    this.objects.delete(key);
    this.unindex(key, old);
    return old;
  }

  private unindex(key: string, object: T): void {
    for (const { of, entries } of this.indexes.values()) {
      for (const value of of(object)) {
        const entry = entries.get(value);
        entry?.delete(key);
        if (entry?.size === 0) entries.delete(value);
      }
    }
  }
}
