import { childPath, shown, type StructuralSchema, type ValidationIssue } from './schema';
import { suggest } from './suggest';

// What the API server checks by the schema of a kind. Written out here instead of left to a JSON Schema library: a structural schema is
// so small a part of JSON Schema that such a library costs more to load than this takes to run, and knows neither unknown fields as
// mistakes, nor int-or-string, nor lists that are sets or maps.

type Report = (path: string, complaint: string) => void;
type Check = (value: unknown, path: string, report: Report) => void;

/** Compiles the schema of a kind into a function that returns what is wrong with an object. */
export function compileSchema(
  schema: StructuralSchema,
  namespaced: boolean,
): (object: object) => ValidationIssue[] {
  const check = compile({
    ...schema,
    // The API server takes no status from a manifest, and so does not look at it.
    properties: { ...schema.properties, metadata: metadataSchema(namespaced), status: {} },
  });
  return (object) => {
    const issues: ValidationIssue[] = [];
    check(object, '', (path, complaint) => void issues.push({ path, message: `${path} ${complaint}` }));
    const { namespace } = (object as { metadata?: { namespace?: unknown } }).metadata ?? {};
    if (!namespaced && namespace !== undefined) {
      const message = `metadata.namespace must not be set, because the kind belongs to no namespace, got ${shown(namespace)}`;
      issues.push({ path: 'metadata.namespace', message });
    }
    return issues;
  };
}

/** What the API server demands of any object's metadata; a custom resource's schema leaves it out. */
function metadataSchema(namespaced: boolean): StructuralSchema {
  return {
    type: 'object',
    required: ['name'],
    'x-kubernetes-preserve-unknown-fields': true,
    properties: {
      name: {
        type: 'string',
        description: 'lower-case letters and digits, with dashes and dots between them',
        minLength: 1,
        maxLength: 253,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      },
      ...(namespaced && { namespace: { type: 'string', maxLength: 63 } as const }),
      labels: {
        type: 'object',
        additionalProperties: {
          type: 'string',
          maxLength: 63,
          pattern: '^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$',
        },
      },
      annotations: { type: 'object', additionalProperties: { type: 'string' } },
    },
  };
}

function compile(schema: StructuralSchema): Check {
  if (schema['x-kubernetes-int-or-string']) return compileIntOrString(schema);
  switch (schema.type) {
    case 'object':
      return compileObject(schema);
    case 'array':
      return compileList(schema);
    case 'string':
      return typed('a string', (value) => typeof value === 'string', compileString(schema));
    case 'integer':
      return typed('an integer', Number.isInteger, compileNumber(schema));
    case 'number':
      return typed('a number', (value) => typeof value === 'number', compileNumber(schema));
    case 'boolean':
      return typed('true or false', (value) => typeof value === 'boolean');
    default:
      return () => undefined;
  }
}

/** Says that a value is of the wrong type, else goes on. */
function typed<T>(
  noun: string,
  isOfType: (value: unknown) => boolean,
  check?: (value: T, path: string, report: Report) => void,
): Check {
  return (value, path, report) => {
    if (!isOfType(value)) report(path, `must be ${noun}, got ${shown(value)}`);
    else check?.(value as T, path, report);
  };
}

function compileIntOrString(schema: StructuralSchema): Check {
  const number = compileNumber(schema);
  const string = compileString(schema);
  return typed(
    'an integer or a string',
    (value) => typeof value === 'string' || Number.isInteger(value),
    (value: string | number, path, report) => {
      if (typeof value === 'string') string(value, path, report);
      else number(value, path, report);
    },
  );
}

function compileNumber({ minimum, maximum }: StructuralSchema) {
  return (value: number, path: string, report: Report): void => {
    if (minimum !== undefined && value < minimum) report(path, `must be >= ${minimum}, got ${value}`);
    if (maximum !== undefined && value > maximum) report(path, `must be <= ${maximum}, got ${value}`);
  };
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function compileString(schema: StructuralSchema) {
  const { minLength = 0, maxLength = Infinity, enum: allowed } = schema;
  const pattern = schema.pattern === undefined ? undefined : new RegExp(schema.pattern, 'u');
  return (text: string, path: string, report: Report): void => {
    // A character counts once, also where JavaScript takes two code units for it.
    if (text.length > maxLength && [...text].length > maxLength)
      report(
        path,
        `must have at most ${maxLength} characters, got ${[...text].length}: shorten ${shown(text)}`,
      );
    if (text.length < minLength) report(path, `must not be empty, got ${shown(text)}`);
    if (pattern !== undefined && !pattern.test(text))
      report(path, `must match ${schema.pattern}, got ${shown(text)}${hint(schema)}`);
    if (allowed !== undefined && !allowed.includes(text))
      report(path, `must be one of ${allowed.join(', ')}, got ${shown(text)}`);
    if (schema.format === 'date-time' && !(rfc3339.test(text) && !Number.isNaN(Date.parse(text))))
      report(path, `must be a time such as 2030-01-31T12:00:00Z, got ${shown(text)}`);
  };
}

function compileObject(schema: StructuralSchema): Check {
  const { maxProperties = Infinity } = schema;
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, property]) => [name, compile(property)]),
  );
  const entry = schema.additionalProperties && compile(schema.additionalProperties);
  const open = schema.properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  // The API server fills in defaults first.
  const required = (schema.required ?? []).filter((name) => schema.properties?.[name]?.default === undefined);
  return typed(
    'an object',
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    (object: Record<string, unknown>, path, report) => {
      const names = Object.keys(object);
      if (names.length > maxProperties)
        report(path, `must have at most ${maxProperties} entries, got ${names.length}`);
      for (const name of required)
        if (object[name] === undefined)
          report(childPath(path, name), `must be set${hint(schema.properties?.[name])}`);
      for (const name of names) {
        if (object[name] === undefined) continue;
        const check = properties.get(name) ?? entry;
        if (check !== undefined) check(object[name], childPath(path, name), report);
        else if (!open)
          report(
            childPath(path, name),
            `is not a field of this object: ${suggest(name, [...properties.keys()])}`,
          );
      }
    },
  );
}

function compileList(schema: StructuralSchema): Check {
  const { minItems = 0, maxItems = Infinity } = schema;
  const check = schema.items && compile(schema.items);
  return typed('a list', Array.isArray, (items: readonly unknown[], path, report) => {
    if (items.length < minItems) report(path, `must have at least ${minItems} item(s), got ${items.length}`);
    if (items.length > maxItems) report(path, `must have at most ${maxItems} items, got ${items.length}`);
    reportRepeated(schema, items, path, report);
    if (check !== undefined) items.forEach((item, index) => check(item, childPath(path, index), report));
  });
}

/** Items that a set, or a map by its keys, must not have twice. */
function reportRepeated(
  schema: StructuralSchema,
  items: readonly unknown[],
  path: string,
  report: Report,
): void {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  // A key that is absent has its default.
  const value = (item: unknown, key: string): unknown =>
    (item as Record<string, unknown> | null)?.[key] ?? schema.items?.properties?.[key]?.default;
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const identity = JSON.stringify(type === 'set' ? item : keys.map((key) => value(item, key)));
    if (seen.has(identity))
      report(
        childPath(path, index),
        type === 'set'
          ? `must not repeat an item before it, got ${shown(item)}`
          : `must not have the ${keys.join(' and ')} of an item before it, got ${keys.map((key) => shown(value(item, key))).join(', ')}`,
      );
    seen.add(identity);
  });
}

/** What belongs into a field, from the first sentence of its description. */
function hint(schema: StructuralSchema | undefined): string {
  const [sentence] = schema?.description?.replace(/\s+/g, ' ').split(/\.( |$)/) ?? [];
  return sentence ? ` (${sentence})` : '';
}
