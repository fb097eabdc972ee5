import type { WasmCloudActor, WasmCloudProvider } from '../api';
import type { Change, Reflector } from '../kube';
import { type Load, addLoad, loadOf, noLoad } from '../placement';

interface Entry {
  readonly host: string;
  readonly load: Load;
}

/**
 * How much each host carries: what is bound to it as far as is known, and what has just been bound and is not yet seen so. Without
 * the latter, a burst would all go to the host that was the emptiest when it began.
 */
export class LoadLedger {
  private readonly entries = new Map<string, Entry>();
  private readonly totals = new Map<string, Load>();

  /** Follows the bindings in a reflector until the returned function is called. */
  follow<T extends WasmCloudActor | WasmCloudProvider>(reflector: Reflector<T>): () => void {
    const end = reflector.subscribe((change) => this.see(change));
    for (const object of reflector.list()) this.see({ type: 'ADDED', object });
    return end;
  }

  loadOn(host: string): Load {
    return this.totals.get(host) ?? noLoad;
  }

  /** Counts an object on a host from now on, although the API server does not show it there yet. */
  assume(object: WasmCloudActor | WasmCloudProvider, host: string): void {
    this.set(idOf(object), { host, load: loadOf(object) });
  }

  /** Takes an assumption back that did not come true. */
  retract(object: WasmCloudActor | WasmCloudProvider): void {
    this.set(idOf(object), undefined);
  }

  private see({ type, object, old }: Change<WasmCloudActor | WasmCloudProvider>): void {
    // A successor of the same name is another object.
    if (old !== undefined && idOf(old) !== idOf(object)) this.set(idOf(old), undefined);
    const { host } = object.spec;
    if (type === 'DELETED') this.set(idOf(object), undefined);
    else if (host !== undefined) this.set(idOf(object), { host, load: loadOf(object) });
  }

  private set(id: string, entry: Entry | undefined): void {
    const before = this.entries.get(id);
    if (before !== undefined) this.add(before.host, negative(before.load));
    if (entry === undefined) this.entries.delete(id);
    else {
      this.entries.set(id, entry);
      this.add(entry.host, entry.load);
    }
  }

  private add(host: string, load: Load): void {
    this.totals.set(host, addLoad(this.loadOn(host), load));
  }
}

function idOf({ metadata }: WasmCloudActor | WasmCloudProvider): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}

function negative({ instances, providers, memory }: Load): Load {
  return { instances: -instances, providers: -providers, memory: -memory };
}
