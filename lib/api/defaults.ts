import type { StructuralSchema } from './schema';

/**
 * A value without what the API server fills in by itself: what a field is without being written is no part of it. What the schema does not
 * know is kept, or dropped.
 */
export function withoutDefaults(
  value: unknown,
  schema: StructuralSchema | undefined,
  unknown: 'keep' | 'drop' = 'keep',
): unknown {
  if (typeof value !== 'object' || value === null || schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => withoutDefaults(item, schema.items, unknown));
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
      const child = schema.properties?.[key] ?? schema.additionalProperties;
      if (child === undefined) return unknown === 'keep' || isOpen ? [[key, item]] : [];
      const bare = withoutDefaults(item, child, unknown);
      if (child.default === undefined) return [[key, bare]];
      return canonical(bare) === canonical(withoutDefaults(child.default, child, unknown))
        ? []
        : [[key, bare]];
    }),
  );
}

/** JSON that is equal for equal values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
