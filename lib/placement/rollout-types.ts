import type { Observation, RolloutProgress, WasmCloudDistributionSpec } from '../api';
import type { Rooms } from './rollout-room';

/** One revision of a distribution on one host: the place of one actor or provider object. */
export interface Slot {
  /** Revision hash of the template. */
  readonly revision: string;
  /** Name of the host. */
  readonly host: string;
}

/** How many instances a slot is to have from now on. */
export interface WantedSlot extends Slot {
  /** Above 0. */
  readonly instances: number;
  /** Whether calls reach them; false for the new set of a blue-green rollout until it takes over. */
  readonly serving: boolean;
}

/** What there is in a slot. */
export interface ObservedSlot extends Slot {
  /** `spec.instances` of the object; 1 for a provider. */
  readonly instances: number;
  /** Instances that are ready, at most `instances`. */
  readonly ready: number;
  /** Instances that have been ready for `minReadySeconds`, at most `ready`. */
  readonly available: number;
  /** When the ready ones that are not available yet become so, in milliseconds from now. */
  readonly availableInMs?: number | undefined;
  /** Whether its host lets calls reach them, as far as it has said. */
  readonly serving: boolean;
  /** Whether nobody runs the host at present: nothing here counts as ready, and nothing is lost by removing it. */
  readonly lost: boolean;
  /** Whether the object is being deleted, so that the slot cannot be filled before it is gone. */
  readonly ending: boolean;
  /** Why it is not ready, `Reason: message` of its Ready condition, where that is False. */
  readonly failure?: string | undefined;
  /** Why it does badly although it is ready: the message of its Healthy condition, where that is False. */
  readonly unhealthy?: string | undefined;
}

/** What the next step of a rollout is decided from. */
export interface RolloutInput {
  /** Instances that each host is to have in the end, by its name. Hosts that are not in it are to have none. */
  readonly desired: ReadonlyMap<string, number>;
  readonly observed: readonly ObservedSlot[];
  /** What the hosts have room for. @default unbounded */
  readonly rooms?: Rooms | undefined;
  /**
   * Whether a host takes one revision at a time, replaced in place: providers, of which two with one id would fight for ports and
   * subscriptions. Their host starts the new one before it ends the old one where that can be done.
   */
  readonly exclusive: boolean;
  /** Revision of the present template. */
  readonly updateRevision: string;
  /** Revision that was last rolled out in full; undefined before the first was, or when its template is no longer known. */
  readonly currentRevision?: string | undefined;
  readonly spec: Pick<
    WasmCloudDistributionSpec,
    'strategy' | 'minReadySeconds' | 'progressDeadlineSeconds' | 'paused' | 'autoRollback'
  >;
  /** Result of the step before, kept in the status of the distribution so that any reconciler can go on; undefined at first. */
  readonly progress?: RolloutProgress | undefined;
  readonly now: Date;
}

/** The next step of a rollout. It may be worked out and applied any number of times. */
export interface RolloutStep {
  /**
   * Every slot that is to exist now; objects of others are deleted. The step also carries out moves between hosts: what `desired`
   * and the observed differ in is made up for within the bounds of the strategy, new before old. What shrinks or goes is to be
   * written before what grows or comes, so that a step that is cut off keeps the bounds too.
   */
  readonly wanted: readonly WantedSlot[];
  /** Revision to report as the current one: `updateRevision` once nothing of another is left and all of it is available. */
  readonly currentRevision: string | undefined;
  readonly progress: RolloutProgress;
  /** Progressing, and Stalled while it is true; without `observedGeneration`, which the caller adds. */
  readonly observations: readonly Omit<Observation, 'observedGeneration'>[];
  /** Whether it waits for room on hosts, of which no change of the distribution tells. */
  readonly crowded: boolean;
  /** Revision to go back to, where the strategy gives this one up. */
  readonly rollbackTo?: string | undefined;
  /** Another look after this time although nothing changes: a pause of a canary, a deadline, a `minReadySeconds` that ends. */
  readonly requeueAfterMs?: number | undefined;
}

/** Decides the next step of a rollout; pure. */
export type PlanRollout = (input: RolloutInput) => RolloutStep;
