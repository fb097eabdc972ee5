import { withoutDefaults } from '../../api/defaults';
import { kindSchema } from '../../api/kind-schema';
import { type JsonPatchOperation, covers } from '../../kube';
import type { Child } from './child';

/** Fields of specs that people might add to. What the API server adds to them, it may not have added to an earlier template. */
const fields = ['config', 'limits', 'tolerations', 'imagePullSecrets', 'hostSelector', 'analysis'] as const;

/** What takes away from an object what somebody added to it by hand, which an apply leaves to whoever did. */
export function straysIn(actual: Child, wanted: Child): JsonPatchOperation[] {
  const schema = kindSchema(actual.kind)?.schema.properties?.['spec'];
  const present = actual.spec as Readonly<Record<string, unknown>>;
  const intended = wanted.spec as Readonly<Record<string, unknown>>;
  return fields.flatMap((field): JsonPatchOperation[] => {
    const path = `/spec/${field}`;
    const value = intended[field];
    if (present[field] === undefined) return [];
    if (value === undefined) return [{ op: 'remove', path }];
    // What is missing from it is for the apply.
    const bare = withoutDefaults(present[field], schema?.properties?.[field]);
    return covers(value, bare) ? [] : [{ op: 'replace', path, value }];
  });
}
