import type { ApiObject } from 'cdk8s';
import { labelValue } from '../lib/api/names';

/** Adds the standard label that tells which program an object belongs to, unless the object says so itself. */
export function addNameLabel({ metadata }: ApiObject, name: string): void {
  const key = 'app.kubernetes.io/name';
  // A name that only the deployment knows cannot be a label.
  if (typeof name === 'string' && metadata.getLabel(key) === undefined)
    metadata.addLabel(key, labelValue(name));
}
