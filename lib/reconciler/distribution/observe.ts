import { type Condition, conditionOf, conditionTypes, isReady } from '../../api';
import { type Clock, monotonicClock } from '../../kube';
import type { ObservedSlot } from '../../placement';
import { type Child, instancesOf, slotOf } from './child';

/** Reason of a `Ready` that is true although calls do not reach the actor. */
const standby = 'Standby';

/** What is seen of an object that its own status does not say. */
export interface Circumstances {
  readonly deleted: boolean;
  /** Whether nobody runs its host at present. */
  readonly lost: boolean;
  readonly minReadySeconds: number;
}

/**
 * Tells how far the objects of one distribution are. Since when one is ready is taken from its status only when it was so
 * at first sight; later the local clock tells, because that of its host may be another.
 */
export class ChildObserver {
  /** By uid, when an object was first seen ready, by the local clock; undefined while it is not. */
  private readonly readySince = new Map<string, number | undefined>();

  constructor(
    private readonly clock: Clock = monotonicClock,
    private readonly date: () => number = Date.now,
  ) {}

  observe(child: Child, { deleted, lost, minReadySeconds }: Circumstances): ObservedSlot {
    const condition = conditionOf(child, conditionTypes.ready);
    const healthy = conditionOf(child, conditionTypes.healthy);
    const instances = instancesOf(child);
    // What a provider's host said of the revision before does not count; of an actor only the number of instances can be another.
    const current = child.kind === 'WasmCloudActor' || isReady(child);
    const proved = condition?.status === 'True' && current && !lost;
    const waitsMs = this.untilAvailable(child, proved, minReadySeconds);
    const ready = proved ? readyInstancesOf(child, instances) : 0;
    return {
      ...slotOf(child),
      instances,
      ready,
      available: waitsMs > 0 ? 0 : ready,
      ...(proved && waitsMs > 0 && { availableInMs: waitsMs }),
      serving: proved
        ? condition.reason !== standby
        : child.kind === 'WasmCloudProvider' || child.spec.serving !== false,
      lost,
      ending: deleted || child.metadata.deletionTimestamp !== undefined,
      // What the host said before it saw an edit, as one by hand that was undone since, does not count.
      failure:
        condition?.status === 'False' && isRecent(condition, child)
          ? `${condition.reason}: ${condition.message}`
          : undefined,
      unhealthy: healthy?.status === 'False' ? healthy.message : undefined,
    };
  }

  /** Forgets all objects but these. */
  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.readySince.keys()) if (!uids.has(uid)) this.readySince.delete(uid);
  }

  private untilAvailable(child: Child, ready: boolean, minReadySeconds: number): number {
    const { uid = '' } = child.metadata;
    if (!ready) {
      this.readySince.set(uid, undefined);
      return 0;
    }
    let since = this.readySince.get(uid);
    if (since === undefined) {
      since = this.clock.now() - (this.readySince.has(uid) ? 0 : this.claimedAge(child));
      this.readySince.set(uid, since);
    }
    return Math.max(0, since + minReadySeconds * 1000 - this.clock.now());
  }

  /** How long an object has been ready by its own account, in milliseconds. */
  private claimedAge(child: Child): number {
    const at = Date.parse(conditionOf(child, conditionTypes.ready)?.lastTransitionTime ?? '');
    return Number.isNaN(at) ? 0 : Math.max(0, this.date() - at);
  }
}

function isRecent({ observedGeneration }: Condition, { metadata: { generation = 0 } }: Child): boolean {
  return observedGeneration === undefined || observedGeneration >= generation;
}

function readyInstancesOf(child: Child, instances: number): number {
  if (child.kind === 'WasmCloudProvider') return 1;
  return Math.min(instances, child.status?.readyInstances ?? instances);
}
