import {
  type WasmCloudHost,
  WasmCloudHostResource,
  conditionOf,
  conditionTypes,
  fieldManagers,
} from '../api';
import { log } from '../base/log';
import { type Clock, type Result, monotonicClock } from '../kube';
import { BY_HOST } from './caches';
import type { ReconcilerContext } from './context';

/** How long a host that signed off is remembered: one that was only started anew is back by then. */
const rememberMs = 600_000;

/** Who writes a host without anybody having asked for it. */
const ownManagers: readonly string[] = [fieldManagers.host, fieldManagers.reconciler];

/**
 * Deletes hosts that signed off a while ago, have nothing bound to them, and that nobody has edited: pods of a Deployment get a new name each
 * time, and with it a new WasmCloudHost. One that comes back registers again as it was.
 */
export class HostExpiry {
  /** When each was first seen signed off, by the local clock. */
  private readonly since = new Map<string, number>();

  constructor(
    private readonly context: ReconcilerContext,
    private readonly clock: Clock = monotonicClock,
  ) {}

  async reconcile(host: WasmCloudHost, signal: AbortSignal): Promise<Result | void> {
    const { name, uid } = host.metadata;
    if (!hasSignedOff(host)) return this.forget(name);
    const since = this.since.get(name) ?? this.clock.now();
    this.since.set(name, since);
    const leftMs = since + rememberMs - this.clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { caches, client } = this.context;
    if (caches.actors.by(BY_HOST, name).length + caches.providers.by(BY_HOST, name).length > 0)
      return { requeueAfterMs: rememberMs };
    // What the mirror has lacks who wrote what.
    const now = await client.find(WasmCloudHostResource, { name }, { signal });
    if (now === undefined || !hasSignedOff(now) || !now.metadata.managedFields?.every(isOwn)) return;
    await client.delete(WasmCloudHostResource, { name }, { uid, signal });
    log.info({ host: name }, 'Forgot a host that had signed off');
  }

  forget(name: string): void {
    this.since.delete(name);
  }
}

function hasSignedOff(host: WasmCloudHost): boolean {
  const ready = conditionOf(host, conditionTypes.ready);
  return host.spec.type !== 'Legacy' && ready?.status === 'False' && ready.reason === 'Shutdown';
}

function isOwn(entry: unknown): boolean {
  return ownManagers.includes((entry as { manager?: string }).manager ?? '');
}
