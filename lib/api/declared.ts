import { withoutDefaults } from './defaults';
import { kindSchema } from './kind-schema';
import { annotations as keys, fieldManagers } from './names';
import type { KubeObject } from './resource';

/**
 * What somebody would write to have an object of the six kinds as a server has it: without status, without what the server notes about
 * it, without the defaults that it filled in, and without the host that the scheduler chose, and its note about that. Objects of other kinds lose the first two.
 */
export function declared<T extends KubeObject>(object: T): T {
  const { name, namespace, labels } = object.metadata;
  const annotations = { ...object.metadata.annotations };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  delete annotations[keys.boundBy];
  const written: KubeObject & { spec?: Record<string, unknown>; status?: unknown } = {
    ...object,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
  };
  delete written.status;
  const found = kindSchema(object.kind);
  if (found === undefined) return written as unknown as T;
  if (wasScheduled(object)) {
    written.spec = { ...written.spec };
    delete written.spec['host'];
  }
  return withoutDefaults(written, found.schema) as T;
}

/** Whether the reconciler bound an object to its host. */
function wasScheduled({ metadata }: KubeObject): boolean {
  const entries = (metadata.managedFields ?? []) as {
    manager?: string;
    fieldsV1?: { 'f:spec'?: Record<string, unknown> };
  }[];
  return entries.some(
    ({ manager, fieldsV1 }) =>
      manager === fieldManagers.reconciler && fieldsV1?.['f:spec']?.['f:host'] !== undefined,
  );
}
