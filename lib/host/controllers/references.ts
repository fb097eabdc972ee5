import { ConfigMapResource, type ConfigMap, SecretResource, type Secret } from '../../api';
import { type KubeClient, Reflector, withDeadline } from '../../kube';

/** A ConfigMap or Secret that something on this host uses. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** Who uses referenced objects. */
export interface Dependent {
  /** Unlike that of any other dependent. */
  readonly id: string;
  /** Called after each change of an object that it follows. */
  changed(): void;
}

/** Longest wait for an object that is followed anew. It goes on in the background, and whoever depends on it hears of it. */
const LOOKUP_MS = 10_000;
const unreadable =
  'ConfigMaps and Secrets were not read within 10 s: the host’s log says why. Check that it may read them';

interface Followed {
  readonly reflector: Reflector<ConfigMap> | Reflector<Secret>;
  readonly dependents: Map<string, Dependent>;
}

/**
 * The ConfigMaps and Secrets that objects on this host refer to, each watched by its name for as long as somebody refers to it: a host
 * sees no other, and may be allowed no other.
 */
export class References {
  private readonly followed = new Map<string, Followed>();

  constructor(private readonly client: KubeClient) {}

  /** Makes `wanted` all that a dependent follows; resolves when each has been looked up. */
  async follow(dependent: Dependent, wanted: readonly Reference[], signal: AbortSignal): Promise<void> {
    const keys = new Set(wanted.map(referenceKey));
    for (const reference of wanted) this.join(reference, dependent);
    this.leave(dependent.id, (key) => !keys.has(key));
    await withDeadline(LOOKUP_MS, unreadable, signal, async (limit) => {
      for (const key of keys) await this.followed.get(key)?.reflector.synced(limit);
    });
  }

  /** Ends all that a dependent follows. */
  release(id: string): void {
    this.leave(id, () => true);
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.find({ kind: 'ConfigMap', namespace, name }) as ConfigMap | undefined;
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.find({ kind: 'Secret', namespace, name }) as Secret | undefined;
  }

  async stop(): Promise<void> {
    const reflectors = [...this.followed.values()].map(({ reflector }) => reflector);
    this.followed.clear();
    for (const reflector of reflectors) await reflector.stop();
  }

  private find(reference: Reference): ConfigMap | Secret | undefined {
    const { namespace, name } = reference;
    return this.followed.get(referenceKey(reference))?.reflector.get(`${namespace}/${name}`);
  }

  private join(reference: Reference, dependent: Dependent): void {
    const key = referenceKey(reference);
    let followed = this.followed.get(key);
    if (followed === undefined) {
      const dependents = new Map<string, Dependent>();
      followed = { reflector: this.reflect(reference, dependents), dependents };
      this.followed.set(key, followed);
    }
    followed.dependents.set(dependent.id, dependent);
  }

  private reflect(
    { kind, namespace, name }: Reference,
    dependents: ReadonlyMap<string, Dependent>,
  ): Followed['reflector'] {
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    const notify = (): void => {
      for (const dependent of dependents.values()) dependent.changed();
    };
    const reflector =
      kind === 'ConfigMap'
        ? new Reflector(this.client, ConfigMapResource, options)
        : new Reflector(this.client, SecretResource, options);
    reflector.subscribe(notify);
    reflector.start();
    return reflector;
  }

  private leave(id: string, which: (key: string) => boolean): void {
    for (const [key, { reflector, dependents }] of this.followed) {
      if (!which(key) || !dependents.delete(id) || dependents.size > 0) continue;
      this.followed.delete(key);
      void reflector.stop();
    }
  }
}

function referenceKey({ kind, namespace, name }: Reference): string {
  return `${kind} ${namespace}/${name}`;
}
