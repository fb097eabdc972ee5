import {
  type Condition,
  type KubeObject,
  type Observation,
  type ResourceType,
  fieldManagers,
  setCondition,
} from '../api';
import { type KubeClient, applyStatus, isApiError } from '../kube';

type Observed = KubeObject & { status?: { conditions?: Condition[] | undefined } | undefined };

export interface WriteOptions {
  /** Fields of the status beside the conditions. */
  readonly fields?: object;
  /** Takes conditions over from other managers. @default false */
  readonly force?: boolean;
  /** Writes also what says nothing new, to take away conditions that are left out. @default false */
  readonly always?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes the conditions that the reconciler stands for, all of them at a time, if they say something new.
 * @returns whether they did
 */
export async function writeConditions<T extends Observed>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
  observations: readonly Omit<Observation, 'observedGeneration'>[],
  { fields, force = false, always = false, signal }: WriteOptions,
): Promise<boolean> {
  const { generation } = object.metadata;
  const conditions = observations.flatMap((observation) =>
    setCondition(object.status?.conditions, {
      ...observation,
      ...(generation !== undefined && { observedGeneration: generation }),
    }).filter((condition) => condition.type === observation.type),
  );
  const options = { fieldManager: fieldManagers.reconciler, force, always, signal };
  return applyStatus(client, type, object, { ...fields, conditions }, options).catch((error: unknown) => {
    // Deleted meanwhile: there is nothing left to tell of.
    if (isApiError(error, 404)) return false;
    throw error;
  });
}
