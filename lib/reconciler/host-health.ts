import {
  type Lease,
  LeaseResource,
  type Observation,
  SYSTEM_NAMESPACE,
  type WasmCloudHost,
  WasmCloudHostResource,
  conditionOf,
  conditionTypes,
  hostLeaseName,
} from '../api';
import { counter, gauge } from '../base/metrics';
import { Controller, type Reflector, type Result, parseKey } from '../kube';
import { writeConditions } from './conditions';
import type { ReconcilerContext } from './context';
import { Cooldown } from './cooldown';
import { Stability } from './stability';
import { HostExpiry } from './host-expiry';
import { Liveness } from './liveness';
import { MassLoss } from './mass-loss';

const leaseExpired = 'LeaseExpired';

const lostTotal = counter('hosts_lost_total', 'Hosts whose Lease ran out');
const blind = gauge(
  'hosts_unjudged',
  '1 while no host is declared lost because the API server cannot be watched, or is late with its answers',
);

/** How often one host is declared lost at most. */
const declareMs = 10_000;
/** How soon is looked again while nothing follows from the silence of a host. */
const unjudgedMs = 1_000;
/** How often is looked for Leases that have ended, at least. */
const lookMs = 5_000;
/** The key of the look at all hosts together: one each that finds nothing would cost as much as all that happens. */
const everyHost = '';

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
  const health = new HostHealth(context, (name, ms) => controller.enqueueAfter(name, ms));
  const controller = new Controller<[WasmCloudHost, Lease]>({
    name: 'hosts',
    watches: [
      { reflector: hosts },
      { reflector: leases, map: (lease, old) => health.concernedBy(lease, old) },
    ],
    reconcile: (name, signal) =>
      name === everyHost ? Promise.resolve(health.look()) : health.reconcile(name, signal),
  });
  return controller;
}

function leaseKey(host: string): string {
  return `${SYSTEM_NAMESPACE}/${hostLeaseName(host)}`;
}

/** The host whose heartbeat a Lease is. */
export function hostOfLease({ metadata }: Lease): string {
  return metadata.name.slice(hostLeaseName('').length);
}

const stayed = { type: conditionTypes.stable, status: 'True' as const, reason: 'Stayed', message: '' };

function flapping(losses: number): Omit<Observation, 'observedGeneration'> {
  return {
    type: conditionTypes.stable,
    status: 'False',
    reason: 'Flapping',
    message: `The host was lost ${losses} times within minutes: it gets nothing new until it has stayed for a while`,
  };
}

class HostHealth {
  private readonly liveness = new Liveness();
  private readonly stability = new Stability();
  private readonly massLoss = new MassLoss();
  private readonly declaring = new Cooldown(declareMs);

  private readonly expiry: HostExpiry;

  constructor(
    private readonly context: ReconcilerContext,
    private readonly enqueueAfter: (name: string, ms: number) => void,
  ) {
    this.expiry = new HostExpiry(context);
  }

  /** The hosts that are worth a pass after a change of a Lease. Most are heartbeats, of which only the time matters. */
  concernedBy(lease: Lease, old: Lease | undefined): string[] {
    const name = hostOfLease(lease);
    return old !== undefined && this.liveness.heard(name, lease) ? [] : [name];
  }

  /** Asks for a pass of each host whose Lease has ended. From then on the host's own passes follow it up. */
  look(): Result {
    const since = this.judgingSince();
    if (since === undefined) return { requeueAfterMs: unjudgedMs };
    const { hosts, nextMs } = this.liveness.ended(since);
    for (const name of hosts) this.enqueueAfter(name, 0);
    return { requeueAfterMs: Math.min(nextMs, lookMs) };
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Result | void> {
    const { hosts, leases } = this.context.caches;
    const host = hosts.get(name);
    if (host === undefined) {
      this.expiry.forget(name);
      this.stability.forget(name);
      return this.unwatch(name);
    }
    const seen = leases.get(leaseKey(name));
    // Who is not known to live needs no watching: whatever it writes next brings another pass.
    if (!mayBeAlive(host, seen)) {
      this.unwatch(name);
      return this.expiry.reconcile(host, signal);
    }
    this.expiry.forget(name);
    const since = this.judgingSince();
    if (since === undefined) return { requeueAfterMs: unjudgedMs };
    const remainingMs = this.liveness.remainingMs(name, seen, since);
    if (remainingMs > 0) {
      this.lookAfter(remainingMs);
      this.massLoss.settle(name);
      const untrustedMs = await this.tellStability(host, signal);
      return untrustedMs > 0 ? { requeueAfterMs: untrustedMs } : undefined;
    }
    const silence = this.liveness.silence((other) => leases.get(leaseKey(other)));
    const doubtMs = this.massLoss.doubtMs(name, silence);
    if (doubtMs > 0) {
      this.tellDoubt(host);
      return { requeueAfterMs: doubtMs };
    }

    // The watch may be half-open and silent for that reason: the API server has the last word.
    const lease = await this.context.client.find(LeaseResource, parseKey(leaseKey(name)), {
      signal,
    });
    // An answer that took long is of a server that hosts had to wait for, too.
    if (this.judgingSince() !== since) return { requeueAfterMs: unjudgedMs };
    const confirmedMs = this.liveness.remainingMs(name, lease, since);
    if (confirmedMs > 0) return this.lookAfter(confirmedMs);
    const waitMs = this.declaring.enter(name);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await this.declareLost(host, lease, signal);
    this.unwatch(name);
  }

  /**
   * Since when hosts would have been seen to renew their Leases: those changes arrive, and what the reconciler writes itself is answered
   * in time. Undefined while nothing follows from their silence.
   */
  private judgingSince(): number | undefined {
    const { caches, elector } = this.context;
    const [connected, steady] = [caches.leases.connectedSince, elector.steadySince];
    const since = connected === undefined || steady === undefined ? undefined : Math.max(connected, steady);
    blind.set(since === undefined ? 1 : 0);
    return since;
  }

  private lookAfter(ms: number): void {
    this.enqueueAfter(everyHost, Math.min(ms, lookMs));
  }

  private unwatch(name: string): void {
    this.liveness.forget(name);
    this.massLoss.settle(name);
  }

  private tellDoubt(host: WasmCloudHost): void {
    this.context.events.record(host, {
      type: 'Warning',
      reason: 'LossDoubted',
      action: 'Watching',
      note: 'The host has not renewed its Lease, nor have most others, which looks like trouble between them and the API server. What they run stays with them for a minute. To move it at once, delete the WasmCloudHost',
    });
  }

  /** Says of a host that comes and goes that nothing new is given to it; returns for how many milliseconds more. */
  private async tellStability(host: WasmCloudHost, signal: AbortSignal): Promise<number> {
    const { name } = host.metadata;
    const said = conditionOf(host, conditionTypes.stable)?.status;
    if (said === 'False') this.stability.distrust(name);
    const untrustedMs = this.stability.remainingMs(name);
    const observation = untrustedMs > 0 ? flapping(this.stability.count(name)) : stayed;
    // Of a host that never flapped there is nothing to say.
    if (said === undefined ? untrustedMs > 0 : said !== observation.status)
      await writeConditions(this.context.client, WasmCloudHostResource, host, [observation], { signal });
    return untrustedMs;
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
    const losses = this.stability.count(host.metadata.name) + 1;
    // It must not be given anything between its return and the next look at it.
    const stable = losses > 1 ? flapping(losses) : conditionOf(host, conditionTypes.stable);
    const observations = stable === undefined ? [observation] : [observation, stable];
    const written = await writeConditions(client, WasmCloudHostResource, host, observations, {
      force: true,
      signal,
    });
    if (!written) return;
    this.stability.lost(host.metadata.name);
    lostTotal.inc();
    events.record(host, { type: 'Warning', reason: 'HostLost', action: 'Watching', note: fact });
  }
}

/** Whether there is something to lose: a host that was declared lost is not lost again, nor one that signed off with its Lease. */
function mayBeAlive(host: WasmCloudHost, lease: Lease | undefined): boolean {
  if (isLost(host)) return false;
  // The Repeater, which speaks for a legacy host, may keep a Lease for it, but need not.
  if (host.spec.type === 'Legacy' && lease === undefined) return false;
  return lease !== undefined || conditionOf(host, conditionTypes.ready)?.status === 'True';
}
