import type { KubeObject, ResourceType } from '../api/resource';
import type { Applied, ApplyOptions, KubeClient } from './client';
import { apiVersionOf } from './key';

/** An object that has a status. */
export type WithStatus = KubeObject & { status?: object | undefined };

export interface ApplyStatusOptions extends ApplyOptions {
  /** Writes also when the object has all the fields: it may have some that this manager is to give up. @default false */
  readonly always?: boolean;
}

/**
 * Writes the fields of `status` by server-side apply to the status subresource, unless `object` has them all already.
 *
 * A field manager owns what it last applied: a field that it wrote before and leaves out now is removed, unless another manager
 * owns it too. So always pass all that this manager stands for.
 * @returns whether anything was written
 */
export async function applyStatus<T extends WithStatus>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
  status: object,
  { always = false, ...options }: ApplyStatusOptions,
): Promise<boolean> {
  if (!always && covers(object.status, status)) return false;
  const { name, namespace } = object.metadata;
  const applied = {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    status,
  };
  await client.applyStatus(type, applied as unknown as Applied<T>, options);
  return true;
}

/** Whether every field of `wanted` is in `actual` with the same value. Lists of conditions are compared by their `type`. */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (Object.is(actual, wanted)) return true;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return false;
    if (wanted.length > 0 && wanted.every(isTyped)) {
      return wanted.every((want) =>
        covers(
          actual.filter(isTyped).find(({ type }) => type === want.type),
          want,
        ),
      );
    }
    return actual.length === wanted.length && wanted.every((want, i) => covers(actual[i], want));
  }
  if (!isRecord(wanted) || !isRecord(actual)) return false;
  return Object.entries(wanted).every(([name, want]) => want === undefined || covers(actual[name], want));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTyped(value: unknown): value is { type: string } {
  return isRecord(value) && typeof value['type'] === 'string';
}
