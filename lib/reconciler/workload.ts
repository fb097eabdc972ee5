import {
  FINALIZER,
  type Observation,
  type ResourceType,
  type WasmCloudHost,
  conditionOf,
  conditionTypes,
} from '../api';
import { Controller, type EventText, type Reflector, type Result, keyOf, removeFinalizer } from '../kube';
import { effectiveLabels, serves } from '../placement';
import { type Placeable, bind, isPlaceable } from './binding';
import { BY_HOST, UNBOUND } from './caches';
import { writeConditions } from './conditions';
import type { ReconcilerContext } from './context';
import { Cooldown } from './cooldown';
import { isGone, isLost } from './host-health';
import type { LoadLedger } from './load-ledger';

/** Room on hosts and the end of a host may also come from what no change of a host tells of. */
const lookAgainMs = 10_000;

/** Reasons of `Ready` that the reconciler gives; all others are the host's. */
const unschedulable = 'Unschedulable';
const hostNotFound = 'HostNotFound';
const notServing = 'HostNotServing';
const hostLost = 'HostLost';
const waitingForHost = 'WaitingForHost';

/** How often the host's word about one object is overruled at most. */
const overruleMs = 10_000;

/** What the reconciler has to say about an object. */
interface Finding {
  readonly observations: Omit<Observation, 'observedGeneration'>[];
  /** Whether the host's own word counts no more. @default false */
  readonly overrule?: boolean;
  /** The event to record when the finding is new. */
  readonly warning?: Omit<EventText, 'type'>;
}

/** Places the actors, or the providers, and tells where they are and whether their host is there. */
export function workloadController<T extends Placeable>(
  context: ReconcilerContext,
  type: ResourceType<T>,
  reflector: Reflector<T>,
  ledger: LoadLedger,
): Controller {
  const workload = new Workload(context, type, reflector, ledger);
  return new Controller<[T, WasmCloudHost]>({
    name: type.plural,
    watches: [
      { reflector },
      { reflector: context.caches.hosts, map: (host, old) => workload.concernedBy(host, old) },
    ],
    reconcile: (key, signal) => workload.reconcile(key, signal),
    workers: 8,
  });
}

class Workload<T extends Placeable> {
  private readonly overruling = new Cooldown(overruleMs);

  constructor(
    private readonly context: ReconcilerContext,
    private readonly type: ResourceType<T>,
    private readonly reflector: Reflector<T>,
    private readonly ledger: LoadLedger,
  ) {}

  async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const object = this.reflector.get(key);
    if (object === undefined || !isPlaceable(object)) return;
    if (object.metadata.deletionTimestamp !== undefined) return this.letGo(object, signal);
    if (object.spec.host !== undefined)
      return this.report(object, this.inspect(object, object.spec.host), signal);
    const binding = await bind(this.context, this.ledger, this.type, object, signal);
    // The binding shows up as a change, which brings the next pass.
    if (binding.host !== undefined) return;
    await this.report(object, notPlaced(binding.explanation), signal);
    return { requeueAfterMs: lookAgainMs };
  }

  /** The keys that may fare differently after a change of a host. */
  concernedBy(host: WasmCloudHost, old: WasmCloudHost | undefined): string[] {
    const keys: string[] = [];
    if (old === undefined || standing(old) !== standing(host)) {
      keys.push(...this.reflector.by(BY_HOST, host.metadata.name).map(keyOf));
    }
    // Hosts write figures into their status all the time: only what placement goes by matters here.
    if (old === undefined || fitness(old) !== fitness(host)) {
      keys.push(...this.reflector.by(BY_HOST, UNBOUND).map(keyOf));
    }
    return keys;
  }

  private inspect(object: T, hostName: string): Finding {
    const host = this.context.caches.hosts.get(hostName);
    const ran = object.status?.hostName !== undefined;
    if (host === undefined && !ran) return notFound(object, hostName);
    if (host === undefined || isLost(host)) return lost(object, hostName, host !== undefined);
    if (!serves(host, object.metadata.namespace)) return notServed(object, host);
    const ready = conditionOf(object, conditionTypes.ready);
    if (
      ready !== undefined &&
      ![unschedulable, hostNotFound, notServing, waitingForHost].includes(ready.reason)
    ) {
      // The host speaks for it; after a loss it is about to again.
      return { observations: [bound(hostName)] };
    }
    const message = `Host ${hostName} has not reported yet`;
    return {
      observations: [
        bound(hostName),
        { type: conditionTypes.ready, status: 'Unknown', reason: waitingForHost, message },
      ],
    };
  }

  private async report(object: T, finding: Finding, signal: AbortSignal): Promise<Result | void> {
    const { client, events } = this.context;
    const { observations, overrule, warning } = finding;
    if (overrule === true && conditionOf(object, conditionTypes.ready)?.reason !== hostLost) {
      // A host that writes statuses but cannot renew its Lease must not be answered at its own pace.
      const waitMs = this.overruling.enter(keyOf(object));
      if (waitMs > 0) return { requeueAfterMs: waitMs };
    }
    const force = overrule === true;
    const written = await writeConditions(client, this.type, object, observations, { force, signal });
    if (written && warning !== undefined) events.record(object, { type: 'Warning', ...warning });
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

function bound(hostName: string): Finding['observations'][number] {
  return {
    type: conditionTypes.placed,
    status: 'True',
    reason: 'Bound',
    message: `Bound to host ${hostName}`,
  };
}

function notPlaced(explanation: string): Finding {
  return nowhere(unschedulable, explanation);
}

function notFound(object: Placeable, hostName: string): Finding {
  return nowhere(
    hostNotFound,
    `spec.host: there is no WasmCloudHost ${JSON.stringify(hostName)}. Start a host of that name, or delete this ${nounOf(object)} and create it with another host or with none`,
  );
}

function notServed(object: Placeable, host: WasmCloudHost): Finding {
  const { name } = host.metadata;
  const lattice = object.metadata.namespace;
  return nowhere(
    notServing,
    `spec.host: host ${name} does not serve lattice ${lattice} but ${host.spec.lattices.join(', ') || 'none'}. Let it serve ${lattice} too, or delete this ${nounOf(object)} and create it with another host or with none`,
  );
}

function nowhere(reason: string, message: string): Finding {
  const both = { status: 'False' as const, reason, message };
  return {
    observations: [
      { type: conditionTypes.placed, ...both },
      { type: conditionTypes.ready, ...both },
    ],
    warning: { reason: 'FailedBinding', action: 'Binding', note: message },
  };
}

function lost(object: Placeable, hostName: string, exists: boolean): Finding {
  const fact = exists ? `Host ${hostName} no longer renews its Lease` : `Host ${hostName} was deleted`;
  const message = `${fact}. The ${nounOf(object)} stays bound to it and goes on when the host is back; to run it elsewhere, delete it and create it again`;
  return {
    observations: [
      bound(hostName),
      { type: conditionTypes.ready, status: 'Unknown', reason: hostLost, message },
    ],
    overrule: true,
    warning: { reason: hostLost, action: 'Watching', note: fact },
  };
}

function nounOf(object: Placeable): string {
  return object.kind === 'WasmCloudActor' ? 'actor' : 'provider';
}

/** All of a host that matters to what is bound to it, comparable. */
function standing(host: WasmCloudHost): string {
  return JSON.stringify([isLost(host), host.spec.lattices]);
}

/** All of a host that placement goes by, comparable. */
function fitness(host: WasmCloudHost): string {
  const { lattices, unschedulable, taints, capacity } = host.spec;
  const ready = conditionOf(host, conditionTypes.ready)?.status;
  const leaving = host.metadata.deletionTimestamp;
  return JSON.stringify([lattices, unschedulable, taints, capacity, effectiveLabels(host), ready, leaving]);
}
