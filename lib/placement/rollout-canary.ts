import type { Canary, RolloutProgress } from '../api';
import { canarySize } from './rollout-goal';
import { elapsedMs, untilDeadline } from './rollout-progress';
import type { ObservedSlot, RolloutInput } from './rollout-types';

/** Where a canary stands. */
export interface CanaryStage {
  /** Percentage of the instances that are to be of the new revision. */
  readonly weight: number;
  readonly progress: RolloutProgress;
  /** What it waits for although all is well: the end of this time, or a person. */
  readonly waitsMs?: number | undefined;
  /** What it does, for people. */
  readonly message: string;
}

/** What a canary is judged by. */
export interface CanaryState {
  /** Instances that are wanted in total. */
  readonly total: number;
  /** Slots of the new revision that count. */
  readonly updated: readonly ObservedSlot[];
  /** Instances of them that are available. */
  readonly available: number;
  /** Why a share of so many percent waits for room on hosts; undefined when it does not. */
  readonly crowdedAt: (weight: number) => string | undefined;
}

/** Judges a canary: gives it up, lets it go on to the next step, or has it wait. */
export function judgeCanary(
  { steps, autoPromote = true }: Canary,
  input: RolloutInput,
  progress: RolloutProgress,
  state: CanaryState,
): CanaryStage {
  const { weight: next = 100 } = steps[progress.step ?? 0] ?? {};
  const why = progress.aborted ?? verdict(input, progress, state, next);
  if (why !== undefined) return { weight: 0, progress: { ...progress, aborted: why }, message: why };
  const { now } = input;
  let at = progress;
  for (let index = at.step ?? 0; index < steps.length; index++) {
    const { weight, pauseSeconds = 0 } = steps[index]!;
    const label = `step ${index + 1} of ${steps.length} (${weight}%)`;
    const { stepSince, ...rest } = at;
    if (state.available < canarySize(state.total, weight)) {
      return { weight, progress: stepSince === undefined ? at : rest, message: `Brings up ${label}` };
    }
    const since = stepSince ?? now.toISOString();
    const waiting = { weight, progress: { ...rest, step: index, stepSince: since } };
    const waitsMs = pauseSeconds * 1000 - elapsedMs(since, now);
    const end = new Date(Date.parse(since) + pauseSeconds * 1000).toISOString();
    if (waitsMs > 0) return { ...waiting, waitsMs, message: `Watches ${label} until ${end}` };
    if (index === steps.length - 1 && !autoPromote) {
      const message = `Waits at ${label}: set spec.strategy.canary.autoPromote to true to go on, or roll back`;
      return { ...waiting, waitsMs: Infinity, message };
    }
    at = { ...rest, step: index + 1, advancedAt: now.toISOString() };
  }
  return { weight: 100, progress: at, message: 'Promotes the canary' };
}

/** Why a canary is to be given up; undefined when it is not. */
function verdict(
  input: RolloutInput,
  progress: RolloutProgress,
  { updated, crowdedAt }: CanaryState,
  weight: number,
): string | undefined {
  for (const { host, unhealthy, failure, ready, instances } of updated) {
    if (unhealthy !== undefined) return `On host ${host}: ${unhealthy}`;
    // Until a step is reached, instances start: what keeps them from it may pass, within the deadline.
    if (progress.stepSince !== undefined && failure !== undefined && ready < instances)
      return `On host ${host}, where it had been ready: ${failure}`;
  }
  if (progress.stepSince !== undefined || untilDeadline(input, progress) > 0) return undefined;
  const failing = updated.find(({ failure }) => failure !== undefined);
  const cause = failing === undefined ? crowdedAt(weight) : `On host ${failing.host}: ${failing.failure}`;
  return `No progress within the deadline${cause === undefined ? '' : `. ${cause}`}`;
}
