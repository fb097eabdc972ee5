import {
  type KubeObject,
  type Observation,
  type WasmCloudDistribution,
  type WasmCloudDistributionStatus,
  conditionTypes,
  labelValue,
  labels,
} from '../../api';
import { type DistributionPlan, type ObservedSlot, type RolloutStep, boundsOf } from '../../placement';

type Finding = Omit<Observation, 'observedGeneration'>;

/** What a status is made from. */
export interface Situation {
  readonly plan: DistributionPlan;
  readonly observed: readonly ObservedSlot[];
  readonly step: RolloutStep;
  readonly updateRevision: string;
  /** Why the API server did not take what was to be written. */
  readonly failure?: string | undefined;
}

/** Everything of the status but the conditions. */
export function figuresOf(
  { metadata }: WasmCloudDistribution,
  { plan, observed, updateRevision }: Situation,
): Omit<WasmCloudDistributionStatus, 'conditions'> {
  const present = observed.filter(({ ending, lost }) => !ending && !lost);
  const readyIn = new Map<string, number>();
  for (const { host, ready } of present) {
    const group = plan.groupOf.get(host);
    if (group !== undefined) readyIn.set(group, (readyIn.get(group) ?? 0) + ready);
  }
  return {
    observedGeneration: metadata.generation,
    instances: sum(present, ({ instances }) => instances),
    updatedInstances: sum(present, (slot) => (slot.revision === updateRevision ? slot.instances : 0)),
    readyInstances: sum(present, ({ ready }) => ready),
    availableInstances: sum(present, ({ available }) => available),
    selector: `${labels.distribution}=${labelValue(metadata.name)}`,
    rebalancing: plan.rebalancing,
    spread: plan.groups.map(({ name, desired, eligibleHosts }) => ({
      name,
      desired,
      ready: readyIn.get(name) ?? 0,
      eligibleHosts,
    })),
  };
}

/** The conditions, those that are only there while true left out while they are not. */
export function findingsOf({ spec }: WasmCloudDistribution, situation: Situation): Finding[] {
  const { plan, observed, step, updateRevision, failure } = situation;
  const available = sum(observed, (slot) => (slot.serving ? slot.available : 0));
  const least = Math.max(0, plan.total - boundsOf(spec.strategy, plan.total).unavailable);
  const figures = `${available} of ${plan.total} instances are available`;
  const enough: Finding =
    available >= least
      ? finding(conditionTypes.available, 'True', 'MinimumInstancesAvailable', figures)
      : finding(conditionTypes.available, 'False', 'MinimumInstancesUnavailable', figures);
  const satisfied: Finding =
    plan.problems.length === 0
      ? finding(conditionTypes.spreadSatisfied, 'True', 'Satisfied', '')
      : finding(conditionTypes.spreadSatisfied, 'False', 'Unsatisfied', plan.problems.join('; '));
  const progress = failure === undefined ? step.observations : [failed(failure)];
  const complete =
    available >= plan.total && step.currentRevision === updateRevision && failure === undefined;
  const ready = complete
    ? finding(conditionTypes.ready, 'True', 'Available', figures)
    : { ...causeOf(situation, progress, figures), type: conditionTypes.ready, status: 'False' as const };
  const conditions = [ready, enough, satisfied, ...progress];
  const stalled = progress.some(({ type }) => type === conditionTypes.stalled);
  if (plan.rebalancing) {
    conditions.push(
      finding(conditionTypes.reconciling, 'True', 'Rebalancing', 'Instances move to even out the spread'),
    );
  } else if (!complete && !stalled) {
    conditions.push(finding(conditionTypes.reconciling, 'True', ready.reason, ready.message));
  }
  return conditions;
}

/** Why a distribution is not ready. */
function causeOf(
  { plan, observed, step, updateRevision }: Situation,
  progress: readonly Finding[],
  figures: string,
): Pick<Finding, 'reason' | 'message'> {
  const placed = sum(plan.groups, (group) => group.placed);
  if (placed < plan.total) return { reason: 'Unsatisfied', message: plan.problems.join('; ') };
  const failing = observed.find(({ failure }) => failure !== undefined);
  const example = failing === undefined ? '' : `. On host ${failing.host}: ${failing.failure}`;
  const progressing = progress.find(({ type }) => type === conditionTypes.progressing);
  if (
    progressing !== undefined &&
    (progressing.status !== 'True' || step.currentRevision !== updateRevision)
  ) {
    // What keeps a rollout is told at once, and not when its deadline has passed.
    const { status, reason, message } = progressing;
    return status === 'True' ? { reason, message: message + example } : progressing;
  }
  return { reason: 'InstancesUnavailable', message: `${figures}${example}` };
}

/** The conditions of a distribution that does nothing because its component id belongs to something older. */
export function overruled({ metadata }: WasmCloudDistribution, rival: KubeObject, id: string): Finding[] {
  const reason = 'ComponentIdConflict';
  const message = `${rival.kind} ${rival.metadata.name} has the component id ${id} and is older, so nothing is made for ${metadata.name}. Delete one of them, or create this one with another componentId`;
  return [
    finding(conditionTypes.conflict, 'True', reason, message),
    finding(conditionTypes.ready, 'False', reason, message),
    finding(conditionTypes.stalled, 'True', reason, message),
  ];
}

function failed(message: string): Finding {
  return finding(conditionTypes.progressing, 'False', 'FailedWrite', message);
}

function finding(type: string, status: Finding['status'], reason: string, message: string): Finding {
  return { type, status, reason, message };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
