import Ajv, { type DefinedError, type ErrorObject, type SchemaObject } from 'ajv';
import { childPath, shown, type StructuralSchema, type ValidationIssue } from './schema';
import { suggest } from './suggest';

const mapKeys = 'x-kubernetes-list-map-keys';

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  useDefaults: true,
  strict: false,
  ownProperties: true,
});
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
ajv.addFormat('date-time', {
  type: 'string',
  validate: (text: string) => rfc3339.test(text) && !Number.isNaN(Date.parse(text)),
});
// Hints for code generators: the API server does not enforce them.
ajv.addFormat('int32', true);
ajv.addFormat('int64', true);
ajv.addKeyword({
  keyword: mapKeys,
  type: 'array',
  schemaType: 'array',
  validate: (keys: readonly string[], items: readonly Record<string, unknown>[]) =>
    new Set(items.map((item) => identity(keys, item))).size === items.length,
  errors: false,
});

function identity(keys: readonly string[], item: Record<string, unknown>): string {
  return JSON.stringify(keys.map((key) => item?.[key]));
}

const dnsName = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

/** What the API server demands of any object's metadata; a custom resource's schema leaves it out. */
function metadataSchema(namespaced: boolean): SchemaObject {
  return {
    type: 'object',
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        description: 'lower-case letters and digits, with dashes and dots between them',
        minLength: 1,
        maxLength: 253,
        pattern: dnsName,
      },
      namespace: namespaced ? { type: 'string', maxLength: 63 } : { not: {} },
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

/** The JSON Schema that says what the API server says: no unknown fields, int-or-string, sets and maps without duplicates. */
function toJsonSchema(schema: StructuralSchema): SchemaObject {
  const json: SchemaObject = { ...schema };
  if (schema['x-kubernetes-int-or-string']) json['type'] = ['integer', 'string'];
  if (schema['x-kubernetes-list-type'] === 'set') json['uniqueItems'] = true;
  if (schema.items) json['items'] = toJsonSchema(schema.items);
  if (schema.additionalProperties) json['additionalProperties'] = toJsonSchema(schema.additionalProperties);
  if (schema.properties) {
    json['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, toJsonSchema(property)]),
    );
    json['additionalProperties'] = schema['x-kubernetes-preserve-unknown-fields'] === true;
  }
  return json;
}

/**
 * Compiles the schema of a kind into a function that fills in the defaults of an object, in place, and returns what is wrong with it.
 */
export function compileSchema(
  schema: StructuralSchema,
  namespaced: boolean,
): (object: object) => ValidationIssue[] {
  const json = toJsonSchema({
    ...schema,
    // The API server takes no status from a manifest, and so does not look at it.
    properties: { ...schema.properties, status: {} },
  });
  const validate = ajv.compile({
    ...json,
    properties: { ...(json['properties'] as object), metadata: metadataSchema(namespaced) },
  });
  return (object) => (validate(object) ? [] : (validate.errors ?? []).map((error) => issueOf(error, object)));
}

function issueOf(error: ErrorObject, object: object): ValidationIssue {
  let path = '';
  let at: unknown = object;
  for (const token of error.instancePath.split('/').slice(1)) {
    const key = token.replace(/~1/g, '/').replace(/~0/g, '~');
    path = childPath(path, Array.isArray(at) ? Number(key) : key);
    at = (at as Record<string, unknown>)[key];
  }
  const { keyword, params } = error as DefinedError;
  if (keyword === 'uniqueItems') path = childPath(path, Math.max(params.i, params.j));
  if (error.keyword === mapKeys) path = childPath(path, repeatedIndex(error));
  if (keyword === 'required') path = childPath(path, params.missingProperty);
  if (keyword === 'additionalProperties') path = childPath(path, params.additionalProperty);
  return { path, message: `${path} ${complaint(error)}` };
}

const nouns: Record<string, string> = {
  string: 'a string',
  integer: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  'integer,string': 'an integer or a string',
};

/** Index of the first item whose keys are those of an item before it. */
function repeatedIndex({ schema, data }: ErrorObject): number {
  const ids = (data as Record<string, unknown>[]).map((item) => identity(schema as string[], item));
  return ids.findIndex((id, index) => ids.indexOf(id) < index);
}

function propertiesOf(error: ErrorObject): Record<string, StructuralSchema> {
  return (error.parentSchema?.['properties'] ?? {}) as Record<string, StructuralSchema>;
}

/** What belongs into a field, from the first sentence of its description. */
function hint(schema: StructuralSchema | undefined): string {
  const [sentence] = schema?.description?.replace(/\s+/g, ' ').split(/\.( |$)/) ?? [];
  return sentence ? ` (${sentence})` : '';
}

/** What is wrong, as the rest of a sentence that starts with the path. */
function complaint(error: ErrorObject): string {
  const got = `got ${shown(error.data)}`;
  if (error.keyword === mapKeys) {
    const keys = error.schema as string[];
    const item = (error.data as Record<string, unknown>[])[repeatedIndex(error)];
    return `must not have the ${keys.join(' and ')} of an item before it, got ${keys.map((key) => shown(item?.[key])).join(', ')}`;
  }
  const { keyword, params } = error as DefinedError;
  switch (keyword) {
    case 'required':
      return `must be set${hint(propertiesOf(error)[params.missingProperty])}`;
    case 'additionalProperties': {
      const known = Object.keys(propertiesOf(error));
      return `is not a field of this object: ${suggest(params.additionalProperty, known)}`;
    }
    case 'enum': {
      const allowed = params.allowedValues as string[];
      return `must be one of ${allowed.join(', ')}, ${got}`;
    }
    case 'type':
      return `must be ${nouns[String(params.type)] ?? String(params.type)}, ${got}`;
    case 'not':
      return `must not be set, because the kind belongs to no namespace, ${got}`;
    case 'minimum':
    case 'maximum':
      return `must be ${params.comparison} ${params.limit}, ${got}`;
    case 'minLength':
      return `must not be empty, ${got}`;
    case 'maxLength':
      return `must have at most ${params.limit} characters, got ${String(error.data).length}: shorten ${shown(error.data)}`;
    case 'minItems':
      return `must have at least ${params.limit} item(s), got ${(error.data as unknown[]).length}`;
    case 'maxItems':
      return `must have at most ${params.limit} items, got ${(error.data as unknown[]).length}`;
    case 'maxProperties':
      return `must have at most ${params.limit} entries, got ${Object.keys(error.data as object).length}`;
    case 'uniqueItems':
      return `must not repeat an item before it, got ${shown((error.data as unknown[])[Math.max(params.i, params.j)])}`;
    case 'pattern':
      return `must match ${params.pattern}, ${got}${hint(error.parentSchema as StructuralSchema | undefined)}`;
    case 'format':
      return `must be a time such as 2030-01-31T12:00:00Z, ${got}`;
    default:
      return `${error.message ?? 'is not valid'}, ${got}`;
  }
}
