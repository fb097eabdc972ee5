import { type ApiObject, App, resolve } from 'cdk8s';

/** Resolvers that every app has: for lazy values, tokens and wrapped numbers, none of which is a plain value. */
const builtinResolvers = 3;

/**
 * What cdk8s renders of the metadata and the spec of an object: resolved, without what is null, keys in order. In one pass where the app
 * has only the resolvers that every app has, because these leave plain values as they are.
 *
 * @throws for an object of a class that no resolver knows
 */
export function render(object: ApiObject, spec: object): { metadata: unknown; spec: unknown } {
  if (App.of(object).resolvers.length > builtinResolvers)
    return { metadata: object.metadata.toJson(), spec: plain(resolve([], spec, object), object) };
  return { metadata: renderMetadata(object), spec: plain(spec, object) };
}

/** Fields of metadata that nearly all objects have no others than. */
const usual = new Set(['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences']);

function renderMetadata(object: ApiObject): unknown {
  const { metadata } = object;
  // cdk8s keeps these to itself; read from where it keeps them, they are rendered in a third of the time.
  const given = metadata['_additionalAttributes'] as object | undefined;
  const { labels, annotations, finalizers, ownerReferences } = metadata as unknown as Record<string, unknown>;
  if (given === undefined || labels === undefined) return metadata.toJson();
  for (const key in given) if (!usual.has(key)) return metadata.toJson();
  const rendered: Record<string, unknown> = {};
  const add = (key: string, value: unknown): void => {
    if (!isEmpty(value)) rendered[key] = plain(value, object);
  };
  add('annotations', annotations);
  add('finalizers', finalizers);
  add('labels', labels);
  add('name', metadata.name);
  add('namespace', metadata.namespace);
  add('ownerReferences', ownerReferences);
  return rendered;
}

/** Whether metadata leaves a value out. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined;
  for (const _ in value) return false;
  return true;
}

/** Sorts a few keys in place, which most often are in order. */
function sorted(keys: string[]): string[] {
  for (let at = 1; at < keys.length; at++) if ((keys[at - 1] ?? '') > (keys[at] ?? '')) return keys.sort();
  return keys;
}

function plain(value: unknown, object: ApiObject): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, object));
  if (value.constructor !== Object || typeof (value as { resolve?: unknown }).resolve === 'function') {
    const resolved = resolve([], value, object) as unknown;
    if (resolved === value)
      throw new Error(`can't render an object of class ${value.constructor?.name}: give a plain one`);
    return plain(resolved, object);
  }
  const rendered: Record<string, unknown> = {};
  for (const key of sorted(Object.keys(value))) {
    const item = plain((value as Record<string, unknown>)[key], object);
    if (item !== undefined) rendered[key] = item;
  }
  return rendered;
}
