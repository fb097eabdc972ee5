import type { Condition } from './generated/kasmcloud';
import type { KubeObject } from './resource';

export type { Condition };

/** Condition types that KasmCloud writes. */
export const conditionTypes = {
  /** Sums up the others: the object does what it says. */
  ready: 'Ready',
  /** kstatus: work is under way. Present only while true. */
  reconciling: 'Reconciling',
  /** kstatus: no progress without help. Present only while true. */
  stalled: 'Stalled',
  placed: 'Placed',
  imagePulled: 'ImagePulled',
  configResolved: 'ConfigResolved',
  resolved: 'Resolved',
  conflict: 'Conflict',
  draining: 'Draining',
  drained: 'Drained',
  /** Of a host: whether it is there for long enough to be given something new. */
  stable: 'Stable',
  healthy: 'Healthy',
  serviceReady: 'ServiceReady',
  available: 'Available',
  progressing: 'Progressing',
  spreadSatisfied: 'SpreadSatisfied',
} as const;

/** An observation to record; everything of a condition but the time, which {@link setCondition} keeps. */
export type Observation = Omit<Condition, 'lastTransitionTime'>;

/** Types that exist only while true (kstatus): setting one to anything else removes it. */
const onlyWhileTrue = new Set<string>([conditionTypes.reconciling, conditionTypes.stalled]);

const maxMessageLength = 32_768;

/**
 * The conditions with one observation recorded, as a new array. `lastTransitionTime` changes only when the status does, so recording
 * the same observation again gives an equal array: a status that is compared before it is written is written once.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  observation: Observation,
  now: Date = new Date(),
): Condition[] {
  const before = conditions ?? [];
  const index = before.findIndex((condition) => condition.type === observation.type);
  if (onlyWhileTrue.has(observation.type) && observation.status !== 'True') {
    return before.filter((_, at) => at !== index);
  }
  const previous = before[index];
  const lastTransitionTime =
    previous?.status === observation.status
      ? previous.lastTransitionTime
      : // Kubernetes writes times of conditions to the second.
        `${now.toISOString().slice(0, 19)}Z`;
  const next: Condition = {
    ...observation,
    message: observation.message.slice(0, maxMessageLength),
    lastTransitionTime,
  };
  return index < 0 ? [...before, next] : before.map((condition, at) => (at === index ? next : condition));
}

/** An object whose status has conditions, as every one of the six kinds. */
export interface Conditioned extends KubeObject {
  status?: { conditions?: Condition[] | undefined } | undefined;
}

/** The condition of a type, or undefined when nobody has observed it yet. */
export function conditionOf(object: Conditioned, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether `Ready` is true for the object as it is now, not as it was before its spec last changed. */
export function isReady(object: Conditioned): boolean {
  const ready = conditionOf(object, conditionTypes.ready);
  const current = ready?.observedGeneration ?? object.metadata.generation;
  return ready?.status === 'True' && current === object.metadata.generation;
}
