import { type Observation, type RolloutProgress, conditionTypes } from '../api';
import { boundsOf } from './rollout-bounds';
import { type CanaryStage, judgeCanary } from './rollout-canary';
import { held, split, whole } from './rollout-goal';
import { type MoveOptions, type Moved, moveTowards } from './rollout-move';
import { follow, untilDeadline } from './rollout-progress';
import { Occupancy } from './rollout-room';
import { type SizedSlot, isPresent, sum } from './rollout-slots';
import type { ObservedSlot, PlanRollout, RolloutInput, RolloutStep } from './rollout-types';

/** Decides the next step of a rollout; see {@link RolloutStep}. */
export const planRollout: PlanRollout = (input) => new Rollout(input).step();

type Wanted = RolloutStep['wanted'];

interface Plan {
  readonly wanted: Wanted;
  /** Hosts that have no room for what is to come, where it goes no further for that. */
  readonly crowded: readonly string[];
}

/** More hosts than this do not help who reads a condition. */
const maxNamed = 5;

class Rollout {
  /** Instances that are wanted in total. */
  private readonly total: number;
  private readonly updated: readonly ObservedSlot[];
  private readonly others: readonly ObservedSlot[];
  /** The revision to come from and to go back to; undefined when there is none. */
  private readonly stable: string | undefined;

  constructor(private readonly input: RolloutInput) {
    const { desired, observed, updateRevision, currentRevision } = input;
    this.total = sum(desired.values(), Number);
    const present = observed.filter(isPresent);
    this.updated = present.filter(({ revision }) => revision === updateRevision);
    this.others = present.filter(({ revision }) => revision !== updateRevision);
    this.stable = currentRevision === updateRevision ? undefined : currentRevision;
  }

  step(): RolloutStep {
    const { input, stable } = this;
    const { spec, updateRevision } = input;
    const followed = follow(input, this.total, this.mark());
    const canary = this.judge(followed);
    const progress = canary?.progress ?? followed;
    const done = this.isDone();
    const running = !done && spec.paused !== true && progress.aborted === undefined && !canary?.waitsMs;
    const leftMs = running ? untilDeadline(input, progress) : Infinity;
    const failed = progress.aborted !== undefined || leftMs <= 0;
    const { wanted, crowded } = this.plan(canary);
    return {
      wanted,
      crowded: crowded.length > 0,
      currentRevision: done && this.isAvailable() ? updateRevision : input.currentRevision,
      progress,
      observations: this.observations(progress, done, leftMs <= 0, canary, crowded),
      ...(failed && spec.autoRollback === true && stable !== undefined && { rollbackTo: stable }),
      ...this.requeue(leftMs, canary?.waitsMs),
    };
  }

  private judge(progress: RolloutProgress): CanaryStage | undefined {
    const { input, total, updated, stable } = this;
    const { strategy, paused } = input.spec;
    if (strategy?.type !== 'Canary' || strategy.canary === undefined) return undefined;
    if (stable === undefined || paused === true) return undefined;
    const available = sum(updated, (slot) => this.available(slot));
    const crowdedAt = (weight: number): string | undefined =>
      this.shortage(this.move(this.goalAt(weight, stable)).crowded);
    return judgeCanary(strategy.canary, input, progress, { total, updated, available, crowdedAt });
  }

  private plan(canary: CanaryStage | undefined): Plan {
    const { input, stable, updated } = this;
    const { desired, observed, spec, updateRevision, exclusive } = input;
    const type = stable === undefined && this.others.length === 0 ? undefined : spec.strategy?.type;
    if (type === 'BlueGreen' && stable !== undefined && !exclusive) return this.blueGreen(stable);
    if (spec.paused === true) return asServing(this.move(held(input, this.bounds)));
    if (type === 'Recreate' && observed.some(({ revision, lost }) => revision !== updateRevision && !lost)) {
      return { wanted: serving(updated.filter(({ host }) => desired.has(host))), crowded: [] };
    }
    return asServing(this.move(this.goalAt(canary?.weight ?? 100, stable)));
  }

  /** The instances of both revisions when the new one has so many percent of them. */
  private goalAt(weight: number, stable: string | undefined): SizedSlot[] {
    const { desired, updateRevision, exclusive } = this.input;
    // A single provider cannot be doubled.
    const all = weight === 100 || (exclusive && this.total === 1 && weight > 0);
    return stable === undefined || all
      ? whole(desired, updateRevision)
      : split(desired, weight, updateRevision, stable);
  }

  /** A whole new set that takes no calls yet; once all of it is available it does, and once its hosts say so the old one goes. */
  private blueGreen(stable: string): Plan {
    const { total, updated, others, input } = this;
    const { desired, updateRevision, spec } = input;
    const taken = updated.some((slot) => slot.serving);
    const whenReady = { useful: readyOf, available: availableOf };
    const goal =
      spec.paused === true && !taken
        ? updated.filter(({ host }) => desired.has(host))
        : whole(desired, updateRevision);
    const complete = spec.paused !== true && sum(updated, availableOf) >= total;
    const done = taken && sum(updated, (slot) => this.available(slot)) >= total;
    const takesOver = taken || complete;
    // The set that serves takes the room that it needs.
    const blue = done
      ? []
      : this.move(whole(desired, stable), { beside: takesOver ? updated : [] }, others).slots;
    const { slots, crowded } = this.move(
      goal,
      { ...whenReady, bounds: { surge: 0, unavailable: 0 }, beside: blue },
      updated,
    );
    const green = takesOver ? slots : fitting(slots, input.rooms, blue);
    return {
      wanted: [...serving(blue), ...green.map((slot) => ({ ...slot, serving: takesOver }))],
      crowded,
    };
  }

  private move(
    goal: readonly SizedSlot[],
    options: Partial<MoveOptions> = {},
    observed = this.input.observed,
  ): Moved {
    return moveTowards(goal, observed, {
      desired: this.total,
      bounds: this.bounds,
      rooms: this.input.rooms,
      exclusive: this.input.exclusive,
      useful: (slot) => this.useful(slot),
      available: (slot) => this.available(slot),
      ...options,
    });
  }

  private get bounds(): MoveOptions['bounds'] {
    const { spec, exclusive } = this.input;
    // A host that cannot have both sets beside each other replaces, and all hosts do at once.
    if (spec.strategy?.type === 'BlueGreen' && exclusive && this.stable !== undefined)
      return { surge: this.total, unavailable: 0 };
    return boundsOf(spec.strategy, this.total);
  }

  /** Instances that callers get answers from. What is being rolled out and fails its calls is no help. */
  private useful({ revision, serving, unhealthy, ready }: ObservedSlot): number {
    const fails = unhealthy !== undefined && this.stable !== undefined && revision !== this.stable;
    return serving && !fails ? ready : 0;
  }

  private available(slot: ObservedSlot): number {
    return Math.min(slot.available, this.useful(slot));
  }

  private isAvailable(): boolean {
    return sum(this.updated, (slot) => this.available(slot)) >= this.total;
  }

  /** Whether nothing of the rollout is left to do. What becomes unavailable later is no matter of it. */
  private isDone(): boolean {
    return this.others.length === 0 && (this.stable === undefined ? this.isOld() : this.isAvailable());
  }

  /** Whether the present revision has been rolled out before. */
  private isOld(): boolean {
    return this.input.currentRevision !== undefined || this.isAvailable();
  }

  /** Rises with each thing that gets better. */
  private mark(): number {
    const better = sum(this.updated, (slot) => slot.ready + slot.available + (slot.serving ? slot.ready : 0));
    return better - sum(this.others, ({ instances }) => instances);
  }

  private observations(
    progress: RolloutProgress,
    done: boolean,
    late: boolean,
    canary: CanaryStage | undefined,
    crowded: readonly string[],
  ): Omit<Observation, 'observedGeneration'>[] {
    const { input, total, updated } = this;
    const revision = input.updateRevision;
    const about = (
      status: Observation['status'],
      reason: string,
      message: string,
    ): Omit<Observation, 'observedGeneration'> => ({
      type: conditionTypes.progressing,
      status,
      reason,
      message,
    });
    const stalled = (reason: string, message: string): Omit<Observation, 'observedGeneration'>[] => [
      about('False', reason, message),
      { type: conditionTypes.stalled, status: 'True', reason, message },
    ];
    if (done) return [about('True', 'NewRevisionAvailable', `Revision ${revision} is rolled out`)];
    if (input.spec.paused === true)
      return [about('Unknown', 'Paused', 'spec.paused is true: the rollout is held where it is')];
    if (progress.aborted !== undefined) {
      const remedy = 'The old revision serves; change the template, or roll back';
      return stalled('CanaryAborted', `Revision ${revision} was given up. ${progress.aborted}. ${remedy}`);
    }
    const count = sum(updated, (slot) => this.available(slot));
    const figures = `${Math.min(count, total)} of ${total} instances of revision ${revision} are available`;
    const shortage = this.shortage(crowded);
    if (late) {
      const failing = updated.find(({ failure, unhealthy }) => (failure ?? unhealthy) !== undefined);
      const why =
        failing === undefined ? shortage : `On host ${failing.host}: ${failing.failure ?? failing.unhealthy}`;
      const cause = why === undefined ? '' : `. ${why}`;
      return stalled('ProgressDeadlineExceeded', `${figures}, and none more within the deadline${cause}`);
    }
    if (shortage !== undefined) return [about('True', 'InsufficientCapacity', `${figures}. ${shortage}`)];
    if (canary !== undefined)
      return [about('True', canary.waitsMs ? 'CanaryWaits' : 'CanaryStep', `${canary.message}. ${figures}`)];
    return [about('True', 'RollingOut', figures)];
  }

  /** That a rollout waits for room, where, and what helps. */
  private shortage(hosts: readonly string[]): string | undefined {
    if (hosts.length === 0) return undefined;
    const rolling = (this.input.spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
    const fewer = rolling
      ? 'raise spec.strategy.rollingUpdate.maxUnavailable'
      : 'choose strategy RollingUpdate with maxUnavailable above 0';
    const rest = hosts.length - maxNamed;
    const named = `${hosts.slice(0, maxNamed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    return `No room beside the old instances on ${hosts.length === 1 ? 'host' : 'hosts'} ${named}: raise spec.capacity of a WasmCloudHost, add a host, or ${fewer}`;
  }

  private requeue(leftMs: number, waitsMs = Infinity): { requeueAfterMs?: number } {
    const soonest = Math.min(
      leftMs > 0 ? leftMs : Infinity,
      waitsMs,
      ...this.input.observed.map(({ availableInMs }) => availableInMs ?? Infinity),
    );
    return soonest === Infinity ? {} : { requeueAfterMs: Math.max(1, Math.ceil(soonest)) };
  }
}

/** What of a set without calls there is room for beside the one that serves. */
function fitting(
  slots: readonly SizedSlot[],
  rooms: RolloutInput['rooms'],
  beside: readonly SizedSlot[],
): SizedSlot[] {
  const occupancy = new Occupancy(rooms, beside);
  return slots.flatMap((slot) => {
    const instances = Math.min(slot.instances, occupancy.free(slot, 0));
    occupancy.resize(slot, 0, instances);
    return instances > 0 ? [{ ...slot, instances }] : [];
  });
}

function asServing({ slots, crowded }: Moved): Plan {
  return { wanted: serving(slots), crowded };
}

function serving(slots: readonly SizedSlot[]): Wanted {
  return slots.map(({ revision, host, instances }) => ({ revision, host, instances, serving: true }));
}

const readyOf = ({ ready }: ObservedSlot): number => ready;
const availableOf = ({ available }: ObservedSlot): number => available;
