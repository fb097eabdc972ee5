import { type ApiObject, App, resolve } from 'cdk8s';

/** Resolvers that every app has: for lazy values, tokens and wrapped numbers, none of which is a plain value. */
const builtinResolvers = 3;

/**
 * What cdk8s renders of a value: resolved, without what is null, keys in order. In one pass where the app has only the resolvers that
 * every app has, because these leave plain values as they are.
 *
 * @param dropEmpty whether empty lists and objects are left out, as in metadata
 * @throws for an object of a class that no resolver knows
 */
export function render(value: unknown, object: ApiObject, dropEmpty = false): unknown {
  if (App.of(object).resolvers.length > builtinResolvers)
    return plain(resolve([], value, object), object, dropEmpty);
  return plain(value, object, dropEmpty);
}

/** What cdk8s renders of the metadata of an object. */
export function renderMetadata(object: ApiObject): unknown {
  const { metadata } = object;
  // cdk8s keeps these to itself; read from where it keeps them, they are rendered in a third of the time.
  const given = metadata['_additionalAttributes'] as object | undefined;
  const { labels, annotations, finalizers, ownerReferences } = metadata as unknown as Record<string, unknown>;
  if (given === undefined || labels === undefined) return metadata.toJson();
  const { name, namespace } = metadata;
  return render(
    { ...given, name, namespace, annotations, finalizers, ownerReferences, labels },
    object,
    true,
  );
}

function plain(value: unknown, object: ApiObject, dropEmpty: boolean): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    if (dropEmpty && value.length === 0) return undefined;
    return value.map((item) => plain(item, object, dropEmpty));
  }
  if (value.constructor !== Object || typeof (value as { resolve?: unknown }).resolve === 'function') {
    const resolved = resolve([], value, object) as unknown;
    if (resolved === value)
      throw new Error(`can't render an object of class ${value.constructor?.name}: give a plain one`);
    return plain(resolved, object, dropEmpty);
  }
  const rendered: Record<string, unknown> = {};
  let empty = true;
  for (const key of Object.keys(value).sort()) {
    const item = plain((value as Record<string, unknown>)[key], object, dropEmpty);
    if (item === undefined) continue;
    rendered[key] = item;
    empty = false;
  }
  return dropEmpty && empty ? undefined : rendered;
}
