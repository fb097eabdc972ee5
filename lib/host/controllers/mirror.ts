import type { KubeObject, ResourceType } from '../../api/resource';
import { type KubeClient, Reflector, type ReflectorOptions, type Watch } from '../../kube';

/**
 * The objects of one kind in the namespaces that a host serves: one watch when it serves all of them, else one a namespace.
 */
export class Mirror<T extends KubeObject> {
  private readonly reflectors: readonly Reflector<T>[];

  /** `namespaces` undefined means all. */
  constructor(
    client: KubeClient,
    type: ResourceType<T>,
    namespaces: readonly string[] | undefined,
    options: Omit<ReflectorOptions<T>, 'namespace'> = {},
  ) {
    this.reflectors = (namespaces ?? [undefined]).map(
      (namespace) => new Reflector(client, type, { ...options, namespace }),
    );
  }

  start(): void {
    for (const reflector of this.reflectors) reflector.start();
  }

  /** Resolves when all objects are known; rejects when `signal` aborts before. */
  async synced(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.synced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.stop()));
  }

  get(key: string): T | undefined {
    for (const reflector of this.reflectors) {
      const object = reflector.get(key);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  list(): T[] {
    return this.reflectors.flatMap((reflector) => reflector.list());
  }

  by(index: string, value: string): T[] {
    return this.reflectors.flatMap((reflector) => reflector.by(index, value));
  }

  /** What a controller follows; without the type of the objects, so that watches of several kinds fit into one list. */
  watches(map?: (object: T, old?: T) => readonly string[]): Watch<KubeObject>[] {
    const watches: Watch<T>[] = this.reflectors.map((reflector) => ({ reflector, ...(map && { map }) }));
    return watches as unknown as Watch<KubeObject>[];
  }
}
