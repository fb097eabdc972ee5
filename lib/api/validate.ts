import { GROUP } from './names';
import type { KubeObject } from './resource';
import type { ValidationIssue } from './schema';
import type * as Validator from './validator';

export type { ValidationIssue };

/** Loaded at the first validation: the definitions and CEL cost more than the rest of the library together. */
let validator: typeof Validator | undefined;

function issuesOf(object: KubeObject, old?: KubeObject): ValidationIssue[] {
  if (object.apiVersion.split('/')[0] !== GROUP) return [];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make validation asynchronous
  validator ??= require('./validator') as typeof Validator;
  return validator.issuesOf(object, old);
}

/**
 * Everything that the API server would refuse about a new object of the six kinds, all at once: unknown fields, values outside their
 * bounds, CEL rules. The object is not changed. Empty for a valid object and for kinds of other groups.
 */
export function validateManifest(object: KubeObject): ValidationIssue[] {
  return issuesOf(object);
}

/**
 * Everything that the API server would refuse about changing `oldObject` to `newObject`: what {@link validateManifest} finds in the new
 * one, and changes of what is immutable.
 */
export function validateUpdate(oldObject: KubeObject, newObject: KubeObject): ValidationIssue[] {
  return issuesOf(newObject, oldObject);
}
