import type { CustomResourceDefinition } from './core';
import { crds } from './generated/crds';

/**
 * The CustomResourceDefinitions of the six kinds, each call with fresh copies, in the order in which they are to be installed.
 * The same objects are in `crds/kasmcloud.yaml`.
 */
export function customResourceDefinitions(): CustomResourceDefinition[] {
  return Object.values(crds).map((text) => JSON.parse(text) as CustomResourceDefinition);
}
