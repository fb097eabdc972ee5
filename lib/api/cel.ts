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

/** A value as rules see it: integers as bigint, sets in order (they are equal in any order), reserved names escaped. */
function toCel(schema: StructuralSchema, value: unknown): unknown {
  if (typeof value === 'number')
    return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    const converted = items ? value.map((item) => toCel(items, item)) : value;
    return schema['x-kubernetes-list-type'] === 'set' ? converted.sort() : converted;
  }
  const { properties, additionalProperties } = schema;
  const converted: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const property = properties?.[name];
    if (property) converted[celName(name)] = toCel(property, item);
    else converted[name] = additionalProperties ? toCel(additionalProperties, item) : item;
  }
  return converted;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

interface Report {
  (issue: ValidationIssue): void;
  /** A rule that cannot be evaluated says nothing new about an object that its schema has already refused. */
  readonly malformed: boolean;
}

/** Checks one node and all below it. `old` is undefined where there was no such node before. */
type Check = (value: unknown, self: unknown, old: unknown, path: string, report: Report) => void;

/** The check of one rule. */
function compileRule(rule: ValidationRule): Check {
  const evaluate = environment.parse(rule.rule);
  const onlyOnChange = readsOld(rule) && !rule.optionalOldSelf;
  const fields = rule.fieldPath?.split('.').slice(1) ?? [];
  return (value, self, old, path, report) => {
    if (onlyOnChange && old === undefined) return;
    const oldSelf = rule.optionalOldSelf ? (old === undefined ? Optional.none() : Optional.of(old)) : old;
    let problem = rule.message;
    try {
      if (evaluate({ self, oldSelf }) === true) return;
    } catch (error) {
      if (report.malformed) return;
      problem = `cannot be checked: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    }
    let at: unknown = value;
    let where = path;
    for (const field of fields) {
      at = isObject(at) ? at[field] : undefined;
      where = childPath(where, field);
    }
    const got = at === undefined || typeof at === 'object' ? '' : ` (got ${shown(at)})`;
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
    checks.push((value, self, old, path, report) => {
      if (!isObject(value) || value[name] === undefined) return;
      const before = isObject(old) ? old[key] : undefined;
      check(value[name], (self as Record<string, unknown>)[key], before, childPath(path, name), report);
    });
  }
  const item = schema.items && compileNode(schema.items, true);
  if (item) {
    checks.push((value, self, _old, path, report) => {
      if (!Array.isArray(value)) return;
      value.forEach((child, index) =>
        item(child, (self as unknown[])[index], undefined, childPath(path, index), report),
      );
    });
  }
  if (checks.length === 0) return undefined;
  return (value, self, old, path, report) => {
    for (const check of checks) check(value, self, old, path, report);
  };
}

/**
 * Compiles the CEL rules of a kind into a function that returns which of them do not hold. The object must have its defaults;
 * `malformed` says that its schema has refused it. With an `old` object, rules about changes are evaluated too.
 */
export function compileRules(
  schema: StructuralSchema,
): (object: object, malformed: boolean, old?: object) => ValidationIssue[] {
  const check = compileNode(schema, false);
  return (object, malformed, old) => {
    const issues: ValidationIssue[] = [];
    const report = Object.assign((issue: ValidationIssue) => void issues.push(issue), { malformed });
    check?.(object, toCel(schema, object), old && toCel(schema, old), '', report);
    return issues;
  };
}
