import { crds } from './generated/crds';
import { annotations as keys, fieldManagers } from './names';
import type { KubeObject } from './resource';
import type { StructuralSchema } from './schema';

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
  const text = Object.hasOwn(crds, object.kind) ? crds[object.kind] : undefined;
  if (text === undefined) return written as unknown as T;
  if (wasScheduled(object)) {
    written.spec = { ...written.spec };
    delete written.spec['host'];
  }
  const { spec } = JSON.parse(text) as {
    spec: { versions: [{ schema: { openAPIV3Schema: StructuralSchema } }] };
  };
  return withoutDefaults(written, spec.versions[0].schema.openAPIV3Schema) as T;
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

function withoutDefaults(value: unknown, schema: StructuralSchema | undefined): unknown {
  if (typeof value !== 'object' || value === null || schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => withoutDefaults(item, schema.items));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
      const child = schema.properties?.[key] ?? schema.additionalProperties;
      if (child?.default !== undefined && JSON.stringify(child.default) === JSON.stringify(item)) return [];
      return [[key, withoutDefaults(item, child)]];
    }),
  );
}
