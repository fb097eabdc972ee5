import {
  FINALIZER,
  type Lease,
  type ResourceType,
  type WasmCloudDistribution,
  type WasmCloudHost,
  conditionOf,
  conditionTypes,
  isBoundByReconciler,
} from '../api';
import { counter } from '../base/metrics';
import { Controller, type Reflector, type Result, keyOf, monotonicClock, removeFinalizer } from '../kube';
import { isDraining } from '../placement';
import { Binder, type Placeable, isPlaceable } from './binding';
import { BY_COMPONENT, BY_HOST, UNBOUND, componentKey } from './caches';
import { componentIdOf, componentIdOfDistribution } from './component-id';
import { writeConditions } from './conditions';
import { ConfigLookup } from './config-lookup';
import type { ReconcilerContext } from './context';
import { Cooldown } from './cooldown';
import { distributionOf } from './distribution/child';
import { claimOf } from './distribution/rivals';
import {
  type Finding,
  departing,
  isOwnReason,
  notFound,
  notPlaced,
  notServed,
  placed,
  stranded,
  waiting,
} from './findings';
import { fitness } from './fitness';
import { hostOfLease, isGone, isLost } from './host-health';
import { type Leaving, leavingOf } from './leaving';
import type { LoadLedger } from './load-ledger';

/** Room on hosts and the end of a host may also come from what no change of a host tells of. */
const lookAgainMs = 10_000;

/** How often the host's word about one object is overruled at most. */
const overruleMs = 10_000;

const placements = counter('placements_total', 'Objects bound to a host, by why they were not on one', [
  'kind',
  'cause',
]);

/** Places the actors, or the providers, moves them off hosts that are lost or leaving, and tells where they are. */
export function workloadController<T extends Placeable>(
  context: ReconcilerContext,
  type: ResourceType<T>,
  reflector: Reflector<T>,
  ledger: LoadLedger,
): Controller {
  const workload = new Workload(context, type, reflector, new Binder(context, type, ledger));
  return new Controller<[T, WasmCloudHost, Lease, WasmCloudDistribution]>({
    name: type.plural,
    watches: [
      { reflector },
      {
        reflector: context.caches.hosts,
        map: (host, old) => workload.concernedBy(host, old),
      },
      // Only that one appears or is deleted matters here, which is all that a host says when it has ended.
      {
        reflector: context.caches.leases,
        map: (lease, old) => (old === undefined ? workload.boundTo(hostOfLease(lease)) : []),
      },
      {
        reflector: context.caches.distributions,
        map: (distribution, old) => (old === undefined ? workload.rivalsOf(distribution) : []),
      },
    ],
    reconcile: (key, signal) => workload.reconcile(key, signal),
    workers: 8,
  });
}

/**
 * How long an object may be in a state that somebody is about to end: its host says what it makes of it, its distribution replaces it. Of
 * a distribution there are thousands at once: to write of each before would be in the way of those who end it.
 */
const patienceMs = 5_000;
const patienceWithManyMs = 60_000;

class Workload<T extends Placeable> {
  private readonly overruling = new Cooldown(overruleMs);
  private readonly config: ConfigLookup;
  /** Keys of what is to leave its host and has nowhere to go. */
  private readonly blocked = new Set<string>();
  /** Since when it is somebody else's turn to do something about an object, by key. */
  private readonly waitingSince = new Map<string, number>();

  constructor(
    private readonly context: ReconcilerContext,
    private readonly type: ResourceType<T>,
    private readonly reflector: Reflector<T>,
    private readonly binder: Binder<T>,
  ) {
    this.config = new ConfigLookup(context.client);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    this.blocked.delete(key);
    const object = this.reflector.get(key);
    if (object === undefined) return void this.waitingSince.delete(key);
    if (!isPlaceable(object)) return;
    if (object.metadata.deletionTimestamp !== undefined) return this.letGo(object, signal);
    const { host } = object.spec;
    if (host === undefined) return this.place(object, signal);
    const leaving = leavingOf(this.context, object, host);
    if (leaving !== undefined && isBoundByReconciler(object)) return this.move(object, host, leaving, signal);
    const finding = this.isNowhere(object, host)
      ? { ...notFound(host, await this.config.observe(object, signal)), lookAgainMs }
      : this.inspect(object, host, leaving);
    const { result } = await this.report(object, finding, signal);
    return result ?? { requeueAfterMs: finding.lookAgainMs };
  }

  /** The keys of what is bound to a host. */
  boundTo(host: string): string[] {
    return this.reflector.by(BY_HOST, host).map(keyOf);
  }

  /** The keys of what has the component id of a distribution, and is not of one. */
  rivalsOf(distribution: WasmCloudDistribution): string[] {
    const key = componentKey(distribution.metadata.namespace, componentIdOfDistribution(distribution));
    return this.reflector
      .by(BY_COMPONENT, key)
      .filter((object) => distributionOf(object) === undefined)
      .map(keyOf);
  }

  /** The keys that may fare differently after a change of a host. */
  concernedBy(host: WasmCloudHost, old: WasmCloudHost | undefined): string[] {
    const keys: string[] = [];
    if (old === undefined || standing(old) !== standing(host)) keys.push(...this.boundTo(host.metadata.name));
    // Hosts write figures into their status all the time: only what placement goes by matters here.
    if (old === undefined || fitness(old) !== fitness(host))
      keys.push(...this.boundTo(UNBOUND), ...this.blocked);
    return keys;
  }

  private async place(object: T, signal: AbortSignal): Promise<Result | void> {
    const choice = this.binder.choose(object);
    if (choice.host === undefined) {
      const config = await this.config.observe(object, signal);
      await this.report(object, notPlaced(choice.explanation, config), signal);
      return { requeueAfterMs: lookAgainMs };
    }
    const { name } = choice.host.metadata;
    // The binding shows up as a change, which brings the next pass.
    await this.binder.bind(object, name, signal);
    placements.inc({ kind: object.kind, cause: 'Unbound' });
    this.context.events.record(object, {
      reason: 'Bound',
      action: 'Binding',
      note: `Bound to host ${name}`,
    });
  }

  /** Binds an object to another host, where there is one; a host that still serves it goes on until the other does. */
  private async move(object: T, from: string, leaving: Leaving, signal: AbortSignal): Promise<Result | void> {
    const choice = this.binder.choose(object);
    const replaced = choice.host === undefined && !leaving.abrupt && this.hasReplica(object, from);
    const next =
      choice.host !== undefined
        ? 'It moves to another'
        : replaced
          ? 'It waits for another, replicas serve meanwhile'
          : `It stays bound to it: ${choice.explanation}`;
    const { written, result } = await this.report(object, departing(leaving, next), signal);
    if (result !== undefined) return result;
    if (choice.host === undefined && !replaced) {
      this.blocked.add(keyOf(object));
      return { requeueAfterMs: lookAgainMs };
    }
    // What was written shows up as a change, and only then may the host be changed.
    if (written) return;
    const to = choice.host?.metadata.name;
    if (to === undefined) await this.binder.release(object, signal);
    else {
      await this.binder.bind(object, to, signal);
      placements.inc({ kind: object.kind, cause: leaving.reason });
    }
    const note = `${leaving.fact}. ${to === undefined ? next : `Moved to host ${to}`}`;
    this.context.events.record(object, {
      reason: 'Moved',
      action: 'Binding',
      note,
    });
  }

  /** Whether something with the same component id serves on a host that is not leaving. */
  private hasReplica(object: T, from: string): boolean {
    const component = componentKey(object.metadata.namespace, componentIdOf(object));
    return this.reflector.by(BY_COMPONENT, component).some((other) => {
      const { host } = other.spec;
      if (host === undefined || host === from || other.metadata.deletionTimestamp !== undefined) return false;
      return (
        conditionOf(other, conditionTypes.ready)?.status === 'True' &&
        other.status?.hostName === host &&
        leavingOf(this.context, other, host) === undefined
      );
    });
  }

  /** Whether no host speaks for an object, nor has before. */
  private isNowhere({ status }: T, hostName: string): boolean {
    return status?.hostName === undefined && this.context.caches.hosts.get(hostName) === undefined;
  }

  private inspect(object: T, hostName: string, leaving: Leaving | undefined): Finding {
    const host = this.context.caches.hosts.get(hostName);
    const spokenFor = object.status?.hostName;
    if (host !== undefined && leaving?.reason === 'HostNotServing') return notServed(object, host);
    const ready = conditionOf(object, conditionTypes.ready);
    if (leaving?.abrupt === true && leaving.reason !== 'HostStopped') {
      const isTold = ready?.reason === leaving.reason || distributionOf(object) === undefined;
      const lookAgainMs = isTold ? 0 : this.patienceLeft(object);
      return lookAgainMs > 0 ? { observations: [], lookAgainMs } : stranded(object, leaving, hostName);
    }
    if (ready === undefined) {
      const lookAgainMs = this.patienceLeft(object);
      return lookAgainMs > 0 ? { ...this.placed(object, hostName), lookAgainMs } : waiting(hostName, false);
    }
    this.waitingSince.delete(keyOf(object));
    if (isOwnReason(ready.reason)) return waiting(hostName, false);
    if (spokenFor === undefined || spokenFor === hostName) return this.placed(object, hostName);
    // The host before it speaks for it while it is there; then its word counts no more.
    const before = leavingOf(this.context, object, spokenFor);
    return before?.abrupt === true ? waiting(hostName, true) : this.placed(object, hostName);
  }

  /** Of what a distribution made on its host that goes without saying, unless something else was said before. */
  private placed(object: T, hostName: string): Finding {
    const unsaid = conditionOf(object, conditionTypes.placed) === undefined;
    return unsaid && distributionOf(object) !== undefined ? { observations: [] } : placed(hostName);
  }

  /** Milliseconds for which it is still somebody else's turn; 0 once they have had their time. */
  private patienceLeft(object: T): number {
    const now = monotonicClock.now();
    const since = this.waitingSince.get(keyOf(object)) ?? now;
    this.waitingSince.set(keyOf(object), since);
    const patience = distributionOf(object) === undefined ? patienceMs : patienceWithManyMs;
    return Math.max(0, since + patience - now);
  }

  /** Writes what is new; with a `result` it is too early to overrule a host. */
  private async report(
    object: T,
    { observations, overrule = false, warning }: Finding,
    signal: AbortSignal,
  ): Promise<{ written: boolean; result?: Result }> {
    const { client, caches, events } = this.context;
    const claim = claimOf(caches, object);
    const ready = observations.find(({ type }) => type === conditionTypes.ready);
    if (overrule && conditionOf(object, conditionTypes.ready)?.reason !== ready?.reason) {
      // A host that writes statuses but cannot renew its Lease must not be answered at its own pace.
      const waitMs = this.overruling.enter(`${keyOf(object)} ${ready?.reason}`);
      if (waitMs > 0) return { written: false, result: { requeueAfterMs: waitMs } };
    }
    const all = claim === undefined ? observations : [...observations, claim];
    const always = claim === undefined && conditionOf(object, conditionTypes.conflict) !== undefined;
    if (all.length === 0 && !always) return { written: false };
    const written = await writeConditions(client, this.type, object, all, {
      force: overrule,
      always,
      signal,
    });
    if (written && claim !== undefined)
      events.record(object, {
        type: 'Warning',
        reason: claim.reason,
        action: 'Binding',
        note: claim.message,
      });
    if (written && warning !== undefined) events.record(object, { type: 'Warning', ...warning });
    return { written };
  }

  /** Lets go of an object that is being deleted and whose host cannot clean up after it. */
  private async letGo(object: T, signal: AbortSignal): Promise<Result | void> {
    if (object.metadata.finalizers?.includes(FINALIZER) !== true) return;
    const { caches, client } = this.context;
    const host = object.spec.host === undefined ? undefined : caches.hosts.get(object.spec.host);
    if (host !== undefined && !isGone(host, caches.leases)) return { requeueAfterMs: lookAgainMs };
    // A host that only was out of reach ends what it finds deleted when it comes back.
    await removeFinalizer(client, this.type, object, FINALIZER, { signal });
  }
}

/** All of a host that matters to what is bound to it, comparable. */
function standing(host: WasmCloudHost): string {
  const ready = conditionOf(host, conditionTypes.ready)?.status === 'True';
  return JSON.stringify([isLost(host), ready, isDraining(host), host.spec.taints, host.spec.lattices]);
}
