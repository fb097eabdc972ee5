import type { KubeObject, ResourceType } from '../api/resource';
import { isApiError } from './api-error';
import type { CallOptions, KubeClient } from './client';

/**
 * Adds a finalizer, so that the object outlives its deletion until {@link removeFinalizer}. Do this before causing anything that
 * must be undone; the undoing must be idempotent and bear that the doing never happened.
 *
 * The patch tests the list that `object` had: a writer in between makes it fail, and the caller's next pass sees the new list.
 * @returns the object with the finalizer
 */
export async function ensureFinalizer<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  options: CallOptions = {},
): Promise<T> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer) || object.metadata.deletionTimestamp !== undefined) return object;
  const path = '/metadata/finalizers';
  return client.patch(
    type,
    object.metadata,
    [
      { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
      { op: 'test', path, value: finalizers.length === 0 ? null : finalizers },
      { op: 'add', path, value: [...finalizers, finalizer] },
    ],
    options,
  );
}

/** Removes a finalizer: whoever waits for the object to be deleted may go on. No-op when it is gone already. */
export async function removeFinalizer<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  options: CallOptions = {},
): Promise<void> {
  const index = object.metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (index < 0) return;
  const path = `/metadata/finalizers/${index}`;
  try {
    await client.patch(
      type,
      object.metadata,
      [
        { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
        { op: 'test', path, value: finalizer },
        { op: 'remove', path },
      ],
      options,
    );
  } catch (error) {
    if (!isApiError(error, 404)) throw error;
  }
}
