import {
  type ControllerRevision,
  type KubeObject,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
} from '../../api';
import { KasmError, messageOf } from '../../base/errors';
import { bytesOf } from '../../base/quantity';
import { type Reflector, type Result, isApiError, keyOf } from '../../kube';
import {
  type DistributionPlan,
  type ObservedSlot,
  type RolloutStep,
  type Slot,
  distribute,
  hostRooms,
  planRollout,
} from '../../placement';
import { BY_COMPONENT, BY_OWNER, componentKey, ownerlessKey } from '../caches';
import { componentIdOfDistribution } from '../component-id';
import type { ReconcilerContext } from '../context';
import { isGone } from '../host-health';
import type { LoadLedger } from '../load-ledger';
import { applyChanges, changesBetween } from './apply';
import { type Child, childOf, distributionOf, isMarked, isOrphanOf, resized, slotOf } from './child';
import { History, type Revision } from './history';
import { hostsOf } from './hosts';
import { ChildObserver } from './observe';
import { OwnWrites, type Seen } from './own-writes';
import { adoptRevisions, obeyRollback, pruneHistory, recordRevision, rollBack } from './record';
import { Moves } from './moves';
import { DistributionReport } from './report';
import { type Revisions, revisionsOf } from './revisions';
import { olderRival } from './rivals';

/** Room on hosts may also come from what no change of a host tells of. */
const lookAgainMs = 10_000;
/** What was made shows up sooner, and brings the next pass. */
const postponedMs = 1_000;

/** Makes what there is of each distribution what there is to be, one step a pass. */
export class DistributionReconciler {
  private readonly observers = new Map<string, ChildObserver>();
  private readonly actors: OwnWrites<Child>;
  private readonly providers: OwnWrites<Child>;
  private readonly revisions: OwnWrites<ControllerRevision>;
  private readonly report: DistributionReport;
  private readonly moves = new Moves();

  constructor(
    private readonly context: ReconcilerContext,
    private readonly ledger: LoadLedger,
  ) {
    const { actors, providers, revisions } = context.caches;
    this.actors = ownWrites<Child>(actors);
    this.providers = ownWrites<Child>(providers);
    // Two revisions of which the mirror has not shown the first yet must not get one number.
    this.revisions = ownWrites(revisions);
    this.report = new DistributionReport(context);
  }

  /** Follows what it writes until the returned function is called, after the last pass. */
  follow(): () => void {
    const ends = [this.actors, this.providers, this.revisions].map((writes) => writes.follow());
    return () => {
      for (const end of ends) end();
      this.report.end();
    };
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const { caches } = this.context;
    const distribution = caches.distributions.get(key);
    if (distribution === undefined) {
      this.observers.delete(key);
      return this.report.forget(key);
    }
    // What it owns goes with it, by the garbage collector.
    if (distribution.metadata.deletionTimestamp !== undefined) return;
    const rival = olderRival(caches, distribution);
    if (rival !== undefined) return this.report.overruled(distribution, rival, signal);

    const { client, events } = this.context;
    const { name, namespace, uid = '' } = distribution.metadata;
    const owned = this.writesOf(distribution).of(uid);
    const orphans = this.orphansOf(distribution, owned);
    const lost = caches.revisions.by(BY_OWNER, ownerlessKey(namespace, name));
    if (orphans.length + lost.length > 0 && !(await this.mayAdopt(distribution, signal))) return;
    for (const adopted of await adoptRevisions(client, distribution, lost, signal))
      this.revisions.applied(adopted);
    const recorded = this.revisions.of(uid).map(({ object }) => object);
    const history = new History(distribution, recorded);
    if (distribution.spec.rollbackTo !== undefined)
      return events.record(distribution, await obeyRollback(client, history, signal));
    const written = await recordRevision(client, history, signal);
    if (written !== undefined) this.revisions.applied(written);

    const revisions = revisionsOf(distribution, history);
    const seen = [...owned, ...orphans];
    const observed = this.observe(key, distribution, seen);
    const children = seen.map(({ object }) => object);
    const hosts = hostsOf(caches, this.ledger, distribution, revisions.update, children, observed);
    const { spec, status } = distribution;
    const plan = distribute({ spec, hosts, rebalancing: status?.rebalancing === true });
    const step = planRollout({
      desired: plan.desired,
      observed,
      rooms: {
        hosts: hostRooms(hosts, plan.groupOf, spec.mode),
        memoryOf: (revision) => bytesOf(revisions.template(revision)?.actor?.limits?.memory ?? 0),
      },
      exclusive: spec.template.provider !== undefined,
      updateRevision: revisions.update,
      currentRevision: revisions.current,
      spec,
      progress: status?.rollout,
      now: new Date(),
    });
    const { failure, postponed } = await this.carryOut(distribution, revisions, plan, step, seen, signal);
    const situation = { plan, observed, step, updateRevision: revisions.update };
    await this.report.write(distribution, { ...situation, failure: failure && messageOf(failure) }, signal);
    if (failure !== undefined) throw failure;
    const to = history.find(step.rollbackTo);
    if (to !== undefined) return this.goBack(distribution, to, step, signal);
    const inUse = new Set<string | undefined>([
      revisions.update,
      revisions.current,
      ...observed.map(({ revision }) => revision),
    ]);
    await pruneHistory(client, history, inUse, signal);
    const { requeueAfterMs = Infinity } = step;
    const soonest = Math.min(
      requeueAfterMs,
      postponed ? postponedMs : plan.problems.length > 0 || step.crowded ? lookAgainMs : Infinity,
    );
    return soonest === Infinity ? {} : { requeueAfterMs: soonest };
  }

  /** What was made for a distribution of this name and has no owner any more. */
  private orphansOf(distribution: WasmCloudDistribution, owned: readonly Seen<Child>[]): Seen<Child>[] {
    const { name, namespace } = distribution.metadata;
    const known = new Set(owned.map(({ object }) => keyOf(object)));
    return this.mirrorOf(distribution)
      .by(BY_COMPONENT, componentKey(namespace, componentIdOfDistribution(distribution)))
      .filter((child) => isOrphanOf(child, name) && !known.has(keyOf(child)))
      .map((object) => ({ object, deleted: false }));
  }

  /**
   * Whether a distribution is still there, by the word of the API server: when one is deleted and what it owns is to stay, the mirror may
   * show that before the deletion, and what were taken back then would be deleted with it.
   */
  private async mayAdopt({ metadata }: WasmCloudDistribution, signal: AbortSignal): Promise<boolean> {
    const { name, namespace, uid } = metadata;
    const fieldSelector = `metadata.name=${name}`;
    const selection = { namespace, fieldSelector, signal };
    const { items } = await this.context.client.list(WasmCloudDistributionResource, selection);
    return items.some((now) => now.metadata.uid === uid && now.metadata.deletionTimestamp === undefined);
  }

  private async goBack(
    distribution: WasmCloudDistribution,
    to: Revision,
    step: RolloutStep,
    signal: AbortSignal,
  ): Promise<void> {
    await rollBack(this.context.client, distribution, to, signal);
    this.report.wentBack(distribution, to, step);
  }

  private observe(
    key: string,
    { spec }: WasmCloudDistribution,
    seen: readonly Seen<Child>[],
  ): ObservedSlot[] {
    let observer = this.observers.get(key);
    if (observer === undefined) this.observers.set(key, (observer = new ChildObserver()));
    observer.retain(new Set(seen.map(({ object }) => object.metadata.uid ?? '')));
    return seen.map(({ object, deleted }) => {
      const lost = this.isLost(object);
      return observer.observe(object, { deleted, lost, minReadySeconds: spec.minReadySeconds ?? 0 });
    });
  }

  /** Whether nobody runs the host of an object. */
  private isLost({ spec }: Child): boolean {
    const { hosts, leases } = this.context.caches;
    const host = hosts.get(spec.host ?? '');
    return host === undefined || isGone(host, leases);
  }

  /** Writes what the step wants; returns what went wrong, and whether something was left for the next pass. */
  private async carryOut(
    distribution: WasmCloudDistribution,
    revisions: Revisions,
    plan: DistributionPlan,
    step: RolloutStep,
    seen: readonly Seen<Child>[],
    signal: AbortSignal,
  ): Promise<{ failure?: Error; postponed: boolean }> {
    const present = seen.filter(({ deleted }) => !deleted).map(({ object }) => object);
    const bySlot = new Map(present.map((child) => [slotKey(slotOf(child)), child]));
    const wanted = step.wanted.flatMap((slot) => {
      const template = revisions.template(slot.revision);
      if (template !== undefined) return [childOf(distribution, template, slot, plan.groupOf.get(slot.host))];
      // Its template is forgotten: what is there can stay, and nothing new can be made of it.
      const old = bySlot.get(slotKey(slot));
      return old === undefined ? [] : [resized(distribution, old, slot)];
    });
    const due = changesBetween(present, wanted, (child) => this.isLost(child));
    // What nobody runs is in nobody's way, and what it did is to be done elsewhere first: everywhere, when many hosts are lost.
    const moving = due.clear.length > 0 && due.grow.length + due.create.length > 0;
    if (moving) this.moves.note();
    const postponed = due.clear.length > 0 && (moving || this.moves.underWay);
    const changes = postponed ? { ...due, clear: [] } : due;
    const mirror = this.mirrorOf(distribution);
    const writes = this.writesOf(distribution);
    const taken = changes.create.find((child) => isForeign(mirror.get(keyOf(child)), distribution));
    if (taken !== undefined) {
      const { name } = taken.metadata;
      const failure = new KasmError(
        `${taken.kind} ${name} exists and is not of WasmCloudDistribution ${distribution.metadata.name}`,
        'Delete or rename it',
      );
      return { failure, postponed };
    }
    // Others that plan meanwhile must see the room that is about to be taken.
    for (const child of changes.create) this.ledger.assume(child, child.spec.host ?? '');
    try {
      await applyChanges(
        this.context.client,
        changes,
        {
          applied: (child) => {
            writes.applied(child);
            this.ledger.assume(child, child.spec.host ?? '');
          },
          deleted: (child) => writes.deleted(child),
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted || isApiError(error, 409)) throw error;
      return { failure: error instanceof Error ? error : new Error(messageOf(error)), postponed };
    } finally {
      for (const child of changes.create) this.ledger.forget(child);
      if (moving) this.moves.note();
    }
    this.report.changed(distribution, changes);
    return { postponed };
  }

  private writesOf({ spec }: WasmCloudDistribution): OwnWrites<Child> {
    return spec.template.actor === undefined ? this.providers : this.actors;
  }

  private mirrorOf({ spec }: WasmCloudDistribution): Mirror {
    const { actors, providers } = this.context.caches;
    return spec.template.actor === undefined ? providers : actors;
  }
}

type MirrorOf<T extends KubeObject> = Pick<Reflector<T>, 'get' | 'by' | 'subscribe'>;
type Mirror = MirrorOf<Child>;

function ownWrites<T extends KubeObject>(reflector: MirrorOf<T>): OwnWrites<T> {
  return new OwnWrites({ reflector, index: BY_OWNER, ownerOf: distributionOf });
}

/** Whether an object has come to its name in another way. */
function isForeign(object: Child | undefined, { metadata }: WasmCloudDistribution): boolean {
  if (object === undefined) return false;
  const owner = distributionOf(object);
  // One whose owner somebody has removed by hand is taken back.
  return owner === undefined ? !isMarked(object, metadata.name) : owner !== metadata.uid;
}

function slotKey({ revision, host }: Slot): string {
  return `${revision} ${host}`;
}
