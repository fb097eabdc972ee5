import type { WasmCloudActor, WasmCloudProvider } from '../api';
import type { Change, Reflector } from '../kube';
import { type Load, addLoad, loadOf, noLoad } from '../placement';
import { componentKey } from './caches';
import { componentIdOf } from './component-id';

interface Entry {
  readonly host: string;
  readonly load: Load;
  /** Component id, with its namespace. */
  readonly component: string;
}

/**
 * How much each host carries: what is bound to it as far as is known, and what has just been bound and is not yet seen so. Without
 * the latter, a burst would all go to the host that was the emptiest when it began.
 */
export class LoadLedger {
  private readonly entries = new Map<string, Entry>();
  private readonly totals = new Map<string, Load>();
  /** How many objects have a component id on a host. */
  private readonly components = new Map<string, number>();

  /** Follows the bindings in a reflector until the returned function is called. */
  follow<T extends WasmCloudActor | WasmCloudProvider>(reflector: Reflector<T>): () => void {
    const end = reflector.subscribe((change) => this.see(change));
    for (const object of reflector.list()) this.see({ type: 'ADDED', object });
    return end;
  }

  loadOn(host: string): Load {
    return this.totals.get(host) ?? noLoad;
  }

  /** Whether a host has, or is about to get, something of the same component id, of which it runs but one. */
  hasComponent(object: WasmCloudActor | WasmCloudProvider, host: string): boolean {
    const own = this.entries.get(idOf(object))?.host === host ? 1 : 0;
    return (this.components.get(componentOn(host, componentOf(object))) ?? 0) > own;
  }

  /** Counts an object on a host from now on, although the API server does not show it there yet. */
  assume(object: WasmCloudActor | WasmCloudProvider, host: string): void {
    this.set(idOf(object), entryOf(object, host));
  }

  /** Takes an assumption back that did not come true: the object is where it was. */
  retract(object: WasmCloudActor | WasmCloudProvider): void {
    const { host } = object.spec;
    this.set(idOf(object), host === undefined ? undefined : entryOf(object, host));
  }

  /** Counts an object no more that was assumed before it was made. */
  forget(object: WasmCloudActor | WasmCloudProvider): void {
    this.set(idOf(object), undefined);
  }

  private see({ type, object, old }: Change<WasmCloudActor | WasmCloudProvider>): void {
    // A successor of the same name is another object.
    if (old !== undefined && idOf(old) !== idOf(object)) this.set(idOf(old), undefined);
    const { host } = object.spec;
    if (type === 'DELETED') this.set(idOf(object), undefined);
    else if (host !== undefined) this.set(idOf(object), entryOf(object, host));
    // Taken off its host. One that never had any may be assumed on a host, which is not seen yet.
    else if (old?.spec.host !== undefined) this.set(idOf(object), undefined);
  }

  private set(id: string, entry: Entry | undefined): void {
    const before = this.entries.get(id);
    if (before !== undefined) this.count(before, -1);
    if (entry === undefined) this.entries.delete(id);
    else {
      this.entries.set(id, entry);
      this.count(entry, 1);
    }
  }

  private count({ host, load, component }: Entry, sign: 1 | -1): void {
    this.totals.set(host, addLoad(this.loadOn(host), sign > 0 ? load : negative(load)));
    const key = componentOn(host, component);
    const count = (this.components.get(key) ?? 0) + sign;
    if (count > 0) this.components.set(key, count);
    else this.components.delete(key);
  }
}

function entryOf(object: WasmCloudActor | WasmCloudProvider, host: string): Entry {
  return { host, load: loadOf(object), component: componentOf(object) };
}

function componentOf(object: WasmCloudActor | WasmCloudProvider): string {
  return componentKey(object.metadata.namespace, componentIdOf(object));
}

function componentOn(host: string, component: string): string {
  return `${host} ${component}`;
}

function idOf({ metadata }: WasmCloudActor | WasmCloudProvider): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}

function negative({ instances, providers, memory }: Load): Load {
  return { instances: -instances, providers: -providers, memory: -memory };
}
