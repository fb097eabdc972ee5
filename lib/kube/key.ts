import { KasmError } from '../base/errors';
import type { KubeObject, ObjectKey, ResourceType } from '../api/resource';

/** The key of an object in stores and queues: `namespace/name`, or `name` when it is cluster-scoped. */
export function keyOf(object: KubeObject | ObjectKey): string {
  const { name, namespace } = 'metadata' in object ? object.metadata : object;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The inverse of {@link keyOf}. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `v1` or `group/version`, as `apiVersion` spells it. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** URL path of a collection: of one namespace, or of all when `namespace` is absent. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? '/api' : '/apis';
  const scope =
    type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(type)}${scope}/${type.plural}`;
}

/** URL path of one object or of one of its subresources. */
export function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  if (type.namespaced && key.namespace === undefined) {
    throw new KasmError(
      `${type.kind} ${JSON.stringify(key.name)} has no namespace`,
      `${type.kind} is namespaced: set metadata.namespace`,
    );
  }
  const path = `${collectionPath(type, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
