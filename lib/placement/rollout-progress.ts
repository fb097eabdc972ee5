import type { RolloutProgress } from '../api';
import type { RolloutInput } from './rollout-types';

const defaultDeadlineSeconds = 600;

/** The progress of before, brought up to date: a new revision starts anew, an advance and the end of a pause restart the clock. */
export function follow(
  { progress: before, updateRevision: revision, spec, now }: RolloutInput,
  desired: number,
  mark: number,
): RolloutProgress {
  const advancedAt = now.toISOString();
  const paused = spec.paused === true ? { paused: true } : {};
  if (before?.revision !== revision) return { revision, advancedAt, mark, desired, ...paused };
  const { paused: wasPaused = false, ...kept } = before;
  if (wasPaused && spec.paused !== true) {
    // What a canary saw while nobody went on does not count.
    return { ...kept, stepSince: undefined, advancedAt, mark, desired };
  }
  if (mark > before.mark || desired !== before.desired)
    return { ...kept, advancedAt, mark, desired, ...paused };
  return wasPaused === (spec.paused === true) ? before : { ...kept, ...paused };
}

/** Milliseconds until the rollout has made no progress for too long; 0 or less when it has. */
export function untilDeadline({ spec, now }: RolloutInput, { advancedAt }: RolloutProgress): number {
  const deadlineMs = (spec.progressDeadlineSeconds ?? defaultDeadlineSeconds) * 1000;
  return deadlineMs - elapsedMs(advancedAt, now);
}

/** Time since then. Another reconciler may have written it by another clock: what lies in the future is now. */
export function elapsedMs(since: string, now: Date): number {
  return Math.max(0, now.getTime() - Date.parse(since));
}
