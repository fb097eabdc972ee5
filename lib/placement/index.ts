export { choose, type Choice } from './choose';
export { distribute, type DistributionPlan, type GroupPlan } from './distribute';
export { type DistributionHost, distributionHost, type Tenancy } from './distribution-host';
export { effectiveLabels, eligible, serves, type Verdict } from './eligible';
export { addLoad, type Load, loadOf, noLoad, type Requirements, requirementsOf } from './requirements';
export { WHOLE_LATTICE } from './spread-groups';
export { type Labels, matchesSelector } from './selector';
export { formatTaint, tolerates, untolerated } from './taints';
export { planRollout } from './rollout';
export type {
  ObservedSlot,
  PlanRollout,
  RolloutInput,
  RolloutProgress,
  RolloutStep,
  Slot,
  WantedSlot,
} from './rollout-types';
