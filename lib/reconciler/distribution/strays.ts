import { type JsonPatchOperation, covers } from '../../kube';
import type { Child } from './child';

/** Fields of specs that people might add to. In none of them the API server sets what it does not set in a template too. */
const fields = ['config', 'limits', 'tolerations', 'imagePullSecrets', 'hostSelector'] as const;

/** What takes away from an object what somebody added to it by hand, which an apply leaves to whoever did. */
export function straysIn(actual: Child, wanted: Child): JsonPatchOperation[] {
  const present = actual.spec as Readonly<Record<string, unknown>>;
  const intended = wanted.spec as Readonly<Record<string, unknown>>;
  return fields.flatMap((field): JsonPatchOperation[] => {
    const path = `/spec/${field}`;
    const value = intended[field];
    if (present[field] === undefined) return [];
    if (value === undefined) return [{ op: 'remove', path }];
    // What is missing from it is for the apply.
    return covers(value, present[field]) ? [] : [{ op: 'replace', path, value }];
  });
}
