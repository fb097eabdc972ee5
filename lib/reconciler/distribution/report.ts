import {
  type KubeObject,
  type Observation,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  conditionOf,
  conditionTypes,
} from '../../api';
import { counter, gauge } from '../../base/metrics';
import type { RolloutStep } from '../../placement';
import { componentIdOfDistribution } from '../component-id';
import { writeConditions } from '../conditions';
import type { ReconcilerContext } from '../context';
import type { Changes } from './apply';
import { type Child, instancesOf } from './child';
import { type Revision, revisionName } from './history';
import { type Situation, figuresOf, findingsOf, overruled } from './status';

type Finding = Omit<Observation, 'observedGeneration'>;

const desired = gauge('distribution_instances_desired', 'Instances that a distribution wants', [
  'namespace',
  'distribution',
]);
const available = gauge(
  'distribution_instances_available',
  'Instances of a distribution that are available',
  ['namespace', 'distribution'],
);
const placements = counter('distribution_placements_total', 'Objects that distributions made on hosts');
const removals = counter('distribution_removals_total', 'Objects that distributions took off hosts');

const rollouts = counter(
  'distribution_rollouts_total',
  'Rollouts that have ended or go no further, by outcome',
  ['outcome'],
);

/** More hosts than this do not help who reads an event. */
const maxNamed = 5;

/** Tells people and programs how a distribution is: in its status, in events and in metrics. */
export class DistributionReport {
  constructor(private readonly context: ReconcilerContext) {}

  /** Writes the status of a distribution that has the right to its component id. */
  async write(distribution: WasmCloudDistribution, situation: Situation, signal: AbortSignal): Promise<void> {
    const { metadata, status } = distribution;
    const { plan, step, updateRevision, failure } = situation;
    const figures = figuresOf(distribution, situation);
    const name = (hash: string): string => revisionName(metadata.name, hash);
    const fields = {
      ...figures,
      updateRevision: name(updateRevision),
      ...(step.currentRevision !== undefined && { currentRevision: name(step.currentRevision) }),
      rollout: step.progress,
    };
    const labels = { namespace: metadata.namespace ?? '', distribution: metadata.name };
    desired.set(labels, plan.total);
    available.set(labels, figures.availableInstances ?? 0);
    await this.conditions(distribution, findingsOf(distribution, situation), fields, signal);
    if (status?.currentRevision !== fields.currentRevision && step.currentRevision === updateRevision) {
      rollouts.inc({ outcome: 'RolledOut' });
      const note = `Rolled out ${fields.updateRevision}`;
      this.context.events.record(distribution, { reason: 'RolledOut', action: 'RollingOut', note });
    }
    const stalled = step.observations.find(({ type }) => type === conditionTypes.stalled)?.reason;
    if (stalled !== undefined && conditionOf(distribution, conditionTypes.stalled)?.reason !== stalled)
      rollouts.inc({ outcome: stalled });
    if (failure !== undefined) this.warn(distribution, 'FailedWrite', failure);
    if (plan.problems.length > 0) this.warn(distribution, 'SpreadUnsatisfied', plan.problems.join('; '));
    if (plan.rebalancing && status?.rebalancing !== true) {
      const note = 'Instances move to even out the spread';
      this.context.events.record(distribution, { reason: 'Rebalancing', action: 'Placing', note });
    }
  }

  /** Writes the status of a distribution whose component id is that of something older. */
  async overruled(
    distribution: WasmCloudDistribution,
    rival: KubeObject,
    signal: AbortSignal,
  ): Promise<void> {
    const findings = overruled(distribution, rival, componentIdOfDistribution(distribution));
    const { generation } = distribution.metadata;
    await this.conditions(distribution, findings, { observedGeneration: generation }, signal);
    this.warn(distribution, 'ComponentIdConflict', findings[0]?.message ?? '');
  }

  /** Tells that a rollout failed and that the template is an earlier one again. */
  wentBack(distribution: WasmCloudDistribution, to: Revision, step: RolloutStep): void {
    rollouts.inc({ outcome: 'RolledBack' });
    const cause = step.observations.find(({ type }) => type === conditionTypes.progressing)?.message ?? '';
    this.context.events.record(distribution, {
      type: 'Warning',
      reason: 'RolledBack',
      action: 'RollingBack',
      note: `Rolled back to revision ${to.number}: ${cause}`,
    });
  }

  /** Tells what was just made and removed. */
  changed(distribution: WasmCloudDistribution, { create, ...changes }: Changes): void {
    const remove = [...changes.remove, ...changes.clear];
    placements.inc(create.length);
    removals.inc(remove.length);
    const { events } = this.context;
    if (create.length > 0)
      events.record(distribution, {
        reason: 'Placed',
        action: 'Placing',
        note: `Placed ${describe(create)}`,
      });
    if (remove.length > 0)
      events.record(distribution, {
        reason: 'Removed',
        action: 'Placing',
        note: `Removed ${describe(remove)}`,
      });
  }

  /** Forgets all, as another reconciler tells of them from now on. */
  end(): void {
    desired.reset();
    available.reset();
  }

  /** Forgets a distribution that is gone. */
  forget(key: string): void {
    const [namespace = '', distribution = ''] = key.split('/');
    desired.remove({ namespace, distribution });
    available.remove({ namespace, distribution });
  }

  private async conditions(
    distribution: WasmCloudDistribution,
    findings: readonly Finding[],
    fields: object,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.context;
    // A condition that is only there while true is taken away by a write without it, which must not be taken for nothing new.
    const stale = [conditionTypes.stalled, conditionTypes.reconciling, conditionTypes.conflict].some(
      (type) => conditionOf(distribution, type) !== undefined && !findings.some((one) => one.type === type),
    );
    const options = { fields, signal, always: stale };
    await writeConditions(client, WasmCloudDistributionResource, distribution, findings, options);
  }

  private warn(distribution: WasmCloudDistribution, reason: string, note: string): void {
    this.context.events.record(distribution, { type: 'Warning', reason, action: 'Placing', note });
  }
}

/** `3 instances of 0123456789 on hosts a, b and 1 more`. */
function describe(children: readonly Child[]): string {
  const instances = children.reduce((total, child) => total + instancesOf(child), 0);
  const hosts = children.map(({ spec }) => spec.host ?? '').sort();
  const rest = hosts.length - maxNamed;
  const named = hosts.slice(0, maxNamed).join(', ');
  return `${instances} ${instances === 1 ? 'instance' : 'instances'} on ${hosts.length === 1 ? 'host' : 'hosts'} ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}
