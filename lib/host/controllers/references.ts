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

interface Following {
  readonly dependent: Dependent;
  /** The object as it last saw it. */
  last: ConfigMap | Secret | undefined;
}

interface Followed {
  readonly reflector: Reflector<ConfigMap> | Reflector<Secret>;
  readonly dependents: Map<string, Following>;
}

/**
 * What one dependent sees of the objects that it follows. One that is deleted under it stays what it was, as calls would be lost by that:
 * many are deleted only to be created again at once.
 */
export class Sources {
  private readonly absent = new Set<string>();

  constructor(
    private readonly seen: (reference: Reference) => Pick<Following, 'last'> & { deleted: boolean },
  ) {}

  /** @param optional Whether it may be missing: then nothing is left of it when it is deleted */
  configMap(namespace: string, name: string, optional: boolean): ConfigMap | undefined {
    return this.find({ kind: 'ConfigMap', namespace, name }, optional) as ConfigMap | undefined;
  }

  /** As {@link configMap}. */
  secret(namespace: string, name: string, optional: boolean): Secret | undefined {
    return this.find({ kind: 'Secret', namespace, name }, optional) as Secret | undefined;
  }

  /** What was taken although it is deleted, e.g. `Secret shop/payment`. */
  get deleted(): readonly string[] {
    return [...this.absent];
  }

  private find(reference: Reference, optional: boolean): ConfigMap | Secret | undefined {
    const { last, deleted } = this.seen(reference);
    if (!deleted) return last;
    if (optional) return undefined;
    this.absent.add(referenceKey(reference));
    return last;
  }
}

/**
 * The ConfigMaps and Secrets that objects on this host refer to, each watched by its name for as long as somebody refers to it: a host
 * sees no other, and may be allowed no other.
 */
export class References {
  private readonly followed = new Map<string, Followed>();

  constructor(private readonly client: KubeClient) {}

  /** Makes `wanted` all that a dependent follows; resolves when each has been looked up, with what it sees of them. */
  async follow(dependent: Dependent, wanted: readonly Reference[], signal: AbortSignal): Promise<Sources> {
    const keys = new Set(wanted.map(referenceKey));
    for (const reference of wanted) this.join(reference, dependent);
    this.leave(dependent.id, (key) => !keys.has(key));
    await withDeadline(LOOKUP_MS, unreadable, signal, async (limit) => {
      for (const key of keys) await this.followed.get(key)?.reflector.synced(limit);
    });
    return new Sources((reference) => this.seenBy(dependent.id, reference));
  }

  /** Ends all that a dependent follows. */
  release(id: string): void {
    this.leave(id, () => true);
  }

  /** A Secret that somebody follows, while it exists. */
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

  private seenBy(id: string, reference: Reference): Pick<Following, 'last'> & { deleted: boolean } {
    const following = this.followed.get(referenceKey(reference))?.dependents.get(id);
    const now = this.find(reference);
    if (following === undefined || now !== undefined) {
      if (following !== undefined) following.last = now;
      return { last: now, deleted: false };
    }
    return { last: following.last, deleted: following.last !== undefined };
  }

  private join(reference: Reference, dependent: Dependent): void {
    const key = referenceKey(reference);
    let followed = this.followed.get(key);
    if (followed === undefined) {
      const dependents = new Map<string, Following>();
      followed = { reflector: this.reflect(reference, dependents), dependents };
      this.followed.set(key, followed);
    }
    followed.dependents.set(dependent.id, { dependent, last: followed.dependents.get(dependent.id)?.last });
  }

  private reflect(
    { kind, namespace, name }: Reference,
    dependents: ReadonlyMap<string, Following>,
  ): Followed['reflector'] {
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    const notify = (): void => {
      for (const { dependent } of dependents.values()) dependent.changed();
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
