import { Environment, Optional } from '@marcbachmann/cel-js';
import { childPath, shown, type StructuralSchema, type ValidationIssue, type ValidationRule } from './schema';

/** CEL as the API server has it, as far as our rules go. */
const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn')
  .registerFunction('list.isSorted(): bool', (items: (bigint | string)[]) =>
    items.every((item, index) => index === 0 || (items[index - 1] as bigint | string) <= item),
  );

/** Words that CEL keeps for itself; a field of such a name is `__name__` in a rule. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** The name of a field in a rule. */
function celName(name: string): string {
  return reserved.has(name) ? `__${name}__` : name;
}

/** Whether a rule is about a change. */
function readsOld(rule: ValidationRule): boolean {
  return /\boldSelf\b/.test(rule.rule);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Makes of a value what rules see. */
type Converter = (value: unknown) => unknown;

/**
 * A value as rules see it: with its defaults, integers as bigint, sets in order (they are equal in any order), reserved names escaped.
 */
function converterOf(schema: StructuralSchema): Converter {
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'number')
    return (value) => value;
  const item = schema.items ? converterOf(schema.items) : undefined;
  const entry = schema.additionalProperties ? converterOf(schema.additionalProperties) : undefined;
  const isSet = schema['x-kubernetes-list-type'] === 'set';
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const convert = converterOf(property);
      return [name, { key: celName(name), convert, initial: property.default }];
    }),
  );
  const defaulted = [...properties].filter(([, { initial }]) => initial !== undefined);
  return (value) => {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
    if (!isObject(value)) return value;
    if (Array.isArray(value)) {
      const converted = item ? value.map(item) : [...(value as unknown[])];
      return isSet ? converted.sort() : converted;
    }
    const converted: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const property = properties.get(name);
      if (value[name] === undefined) continue;
      if (property) converted[property.key] = property.convert(value[name]);
      else converted[name] = entry ? entry(value[name]) : value[name];
    }
    for (const [name, { key, convert, initial }] of defaulted)
      if (value[name] === undefined) converted[key] = convert(initial);
    return converted;
  };
}

interface Report {
  (issue: ValidationIssue): void;
  /** A rule that cannot be evaluated says nothing new about an object that its schema has already refused. */
  readonly malformed: boolean;
}

/** Checks one node and all below it. `old` is undefined where there was no such node before. */
type Check = (self: unknown, old: unknown, path: string, report: Report) => void;

/** The check of one rule. */
function compileRule(rule: ValidationRule): Check {
  const evaluate = environment.parse(rule.rule);
  const onlyOnChange = readsOld(rule) && !rule.optionalOldSelf;
  const fields = rule.fieldPath?.split('.').slice(1) ?? [];
  return (self, old, path, report) => {
    if (onlyOnChange && old === undefined) return;
    const oldSelf = rule.optionalOldSelf ? (old === undefined ? Optional.none() : Optional.of(old)) : old;
    let problem = rule.message;
    try {
      if (evaluate({ self, oldSelf }) === true) return;
    } catch (error) {
      if (report.malformed) return;
      problem = `cannot be checked: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    }
    let at = self;
    let where = path;
    for (const field of fields) {
      at = isObject(at) ? at[celName(field)] : undefined;
      where = childPath(where, field);
    }
    const got =
      at === undefined || typeof at === 'object'
        ? ''
        : ` (got ${typeof at === 'bigint' ? String(at) : shown(at)})`;
    report({ path: where, message: `${where} ${problem}${got}` });
  };
}

/** The checks of a schema node and all below it, or undefined where there are none. */
function compileNode(schema: StructuralSchema, inList: boolean): Check | undefined {
  const checks: Check[] = (schema['x-kubernetes-validations'] ?? []).map((rule) => {
    // Which old item belongs to which new one is not worked out here, so such a rule would silently never run.
    if (inList && readsOld(rule)) throw new Error(`A rule on list items reads oldSelf: ${rule.rule}`);
    return compileRule(rule);
  });
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const check = compileNode(property, inList);
    if (!check) continue;
    const key = celName(name);
    checks.push((self, old, path, report) => {
      if (!isObject(self) || self[key] === undefined) return;
      check(self[key], isObject(old) ? old[key] : undefined, childPath(path, name), report);
    });
  }
  const item = schema.items && compileNode(schema.items, true);
  if (item) {
    checks.push((self, _old, path, report) => {
      if (!Array.isArray(self)) return;
      self.forEach((child, index) => item(child, undefined, childPath(path, index), report));
    });
  }
  if (checks.length === 0) return undefined;
  return (self, old, path, report) => {
    for (const check of checks) check(self, old, path, report);
  };
}

/**
 * Compiles the CEL rules of a kind into a function that returns which of them do not hold, of the object with its defaults.
 * `malformed` says that its schema has refused it. With an `old` object, rules about changes are evaluated too.
 */
export function compileRules(
  schema: StructuralSchema,
): (object: object, malformed: boolean, old?: object) => ValidationIssue[] {
  const check = compileNode(schema, false);
  const convert = converterOf(schema);
  return (object, malformed, old) => {
    const issues: ValidationIssue[] = [];
    const report = Object.assign((issue: ValidationIssue) => void issues.push(issue), { malformed });
    check?.(convert(object), old && convert(old), '', report);
    return issues;
  };
}
