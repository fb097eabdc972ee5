import {
  type Lease,
  LeaseResource,
  SYSTEM_NAMESPACE,
  type WasmCloudHost,
  WasmCloudHostResource,
  conditionOf,
  conditionTypes,
  hostLeaseName,
} from '../api';
import { Controller, type Reflector, type Result, parseKey } from '../kube';
import { writeConditions } from './conditions';
import type { ReconcilerContext } from './context';
import { Cooldown } from './cooldown';
import { Liveness } from './liveness';

const leaseExpired = 'LeaseExpired';

/** How often one host is declared lost at most. */
const declareMs = 10_000;
/** How soon is looked again while the watch of the Leases is interrupted. */
const reconnectMs = 1_000;

/** Whether a host was declared lost and has not written since that it is ready. */
export function isLost(host: WasmCloudHost): boolean {
  const ready = conditionOf(host, conditionTypes.ready);
  return ready?.status === 'Unknown' && ready.reason === leaseExpired;
}

/** Whether nobody runs this host at present: it was declared lost, or signed off. */
export function isGone(host: WasmCloudHost, leases: Reflector<Lease>): boolean {
  if (isLost(host)) return true;
  const ready = conditionOf(host, conditionTypes.ready)?.status === 'True';
  return !ready && host.spec.type !== 'Legacy' && leases.get(leaseKey(host.metadata.name)) === undefined;
}

/** Declares hosts lost whose Leases end. A host that is back says so itself. */
export function hostHealthController(context: ReconcilerContext): Controller {
  const { hosts, leases } = context.caches;
  const health = new HostHealth(context);
  return new Controller({
    name: 'hosts',
    watches: [{ reflector: hosts }, { reflector: leases, map: hostsOf }],
    reconcile: (name, signal) => health.reconcile(name, signal),
  });
}

function leaseKey(host: string): string {
  return `${SYSTEM_NAMESPACE}/${hostLeaseName(host)}`;
}

function hostsOf({ metadata }: Lease): string[] {
  const prefix = hostLeaseName('');
  return metadata.name.startsWith(prefix) ? [metadata.name.slice(prefix.length)] : [];
}

class HostHealth {
  private readonly liveness = new Liveness();
  private readonly declaring = new Cooldown(declareMs);

  constructor(private readonly context: ReconcilerContext) {}

  async reconcile(name: string, signal: AbortSignal): Promise<Result | void> {
    const { hosts, leases } = this.context.caches;
    const host = hosts.get(name);
    if (host === undefined) return this.liveness.forget(name);
    const seen = leases.get(leaseKey(name));
    // Who is not known to live needs no watching: whatever it writes next brings another pass.
    if (!mayBeAlive(host, seen)) return;
    const since = leases.connectedSince;
    if (since === undefined) return { requeueAfterMs: reconnectMs };
    const remainingMs = this.liveness.remainingMs(name, seen, since);
    if (remainingMs > 0) return { requeueAfterMs: remainingMs };

    // The watch may be half-open and silent for that reason: the API server has the last word.
    const lease = await this.context.client.find(LeaseResource, parseKey(leaseKey(name)), {
      signal,
    });
    const confirmedMs = this.liveness.remainingMs(name, lease, since);
    if (confirmedMs > 0) return { requeueAfterMs: confirmedMs };
    const waitMs = this.declaring.enter(name);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await this.declareLost(host, lease, signal);
  }

  private async declareLost(
    host: WasmCloudHost,
    lease: Lease | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, events } = this.context;
    const fact =
      lease === undefined
        ? `The host has no Lease ${leaseKey(host.metadata.name)}`
        : `The host has not renewed its Lease for ${lease.spec.leaseDurationSeconds} s`;
    const observation = {
      type: conditionTypes.ready,
      status: 'Unknown' as const,
      reason: leaseExpired,
      message: `${fact}: it has crashed or cannot reach the API server. Start it again, or delete the WasmCloudHost if it does not come back`,
    };
    const written = await writeConditions(client, WasmCloudHostResource, host, [observation], {
      force: true,
      signal,
    });
    if (written) events.record(host, { type: 'Warning', reason: 'HostLost', action: 'Watching', note: fact });
  }
}

/** Whether there is something to lose: a host that was declared lost is not lost again, nor one that signed off with its Lease. */
function mayBeAlive(host: WasmCloudHost, lease: Lease | undefined): boolean {
  if (isLost(host)) return false;
  // The Repeater, which speaks for a legacy host, may keep a Lease for it, but need not.
  if (host.spec.type === 'Legacy' && lease === undefined) return false;
  return lease !== undefined || conditionOf(host, conditionTypes.ready)?.status === 'True';
}
