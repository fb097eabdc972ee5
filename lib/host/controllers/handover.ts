import { isReady, type ResourceType, type WasmCloudActor, type WasmCloudProvider } from '../../api';
import { type KubeClient, parseKey } from '../../kube';

/** How often is asked whether another host serves already: soon at first, as most starts are short. */
const FIRST_MS = 250;
const LONGEST_MS = 2_000;

/**
 * What has left this host and serves on until the host that it went to serves in its place. Objects of one kind; this host's watch shows
 * only its own, so each is asked for by name until the answer is known.
 */
export class Handover<T extends WasmCloudActor | WasmCloudProvider> {
  /** The objects that something runs for, with how long was waited last for what is on its way. */
  private readonly held = new Map<string, { uid: string | undefined; waitMs?: number; lingers?: boolean }>();

  constructor(
    private readonly client: KubeClient,
    private readonly type: ResourceType<T>,
    private readonly hostName: string,
    /** How long what has been taken over goes on, until those who come from outside have heard of the other host. */
    private readonly lingerMs: number,
  ) {}

  /** Notes that something runs here for an object of this host. */
  holds(key: string, object: T): void {
    this.held.set(key, { uid: object.metadata.uid });
  }

  /**
   * Milliseconds after which to ask again whether what ran for an object may end; undefined when it may. While the API server is away
   * nobody knows, and this rejects.
   */
  async pendingMs(key: string, signal: AbortSignal): Promise<number | undefined> {
    const held = this.held.get(key);
    if (held === undefined) return undefined;
    const object = await this.client.find(this.type, parseKey(key), { signal });
    // A successor of the same name is another object.
    const moves = object?.metadata.uid === held.uid && object !== undefined && this.hasMoved(object);
    if (!moves || held.lingers === true) {
      this.held.delete(key);
      return undefined;
    }
    if (object.status?.hostName === object.spec.host && isReady(object)) {
      held.lingers = true;
      return this.lingerMs;
    }
    const { waitMs = FIRST_MS } = held;
    held.waitMs = Math.min(waitMs * 2, LONGEST_MS);
    return waitMs;
  }

  /** Whether another host is to serve it. */
  private hasMoved({ metadata, spec }: T): boolean {
    if (metadata.deletionTimestamp !== undefined || spec.managementPolicy === 'Observe') return false;
    // Without a host it was taken off for good: replicas serve, or nobody wants it any more.
    return spec.host !== undefined && spec.host !== this.hostName;
  }
}
