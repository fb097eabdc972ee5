import { compileRules } from './cel';
import { crds } from './generated/crds';
import { compileSchema } from './json-schema';
import { API_VERSION } from './names';
import type { KubeObject } from './resource';
import { shown, type StructuralSchema, type ValidationIssue } from './schema';
import { suggest } from './suggest';

interface Validator {
  readonly checkSchema: (object: object) => ValidationIssue[];
  readonly checkRules: (object: object, malformed: boolean, old?: object) => ValidationIssue[];
}

const validators = new Map<string, Validator>();

/** The validator of a kind, compiled when the kind is first met. */
function validatorOf(kind: string): Validator | undefined {
  const known = validators.get(kind);
  if (known) return known;
  const text = Object.hasOwn(crds, kind) ? crds[kind] : undefined;
  if (text === undefined) return undefined;
  const { spec } = JSON.parse(text) as {
    spec: { scope: string; versions: [{ schema: { openAPIV3Schema: StructuralSchema } }] };
  };
  const schema = spec.versions[0].schema.openAPIV3Schema;
  const validator = {
    checkSchema: compileSchema(schema, spec.scope === 'Namespaced'),
    checkRules: compileRules(schema),
  };
  validators.set(kind, validator);
  return validator;
}

/** A copy as the API server would receive it, for the defaults to be filled in. */
function received(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(object)) as KubeObject;
}

/** Everything that is wrong with an object of our group, or with its change from `old`. */
export function issuesOf(object: KubeObject, old?: KubeObject): ValidationIssue[] {
  if (object.apiVersion !== API_VERSION) {
    return [
      { path: 'apiVersion', message: `apiVersion must be ${API_VERSION}, got ${shown(object.apiVersion)}` },
    ];
  }
  const validator = validatorOf(object.kind);
  if (!validator) {
    const remedy = suggest(object.kind, Object.keys(crds));
    return [{ path: 'kind', message: `kind ${shown(object.kind)} is not one of ${API_VERSION}: ${remedy}` }];
  }
  const copy = received(object);
  const issues = validator.checkSchema(copy);
  const before = old && received(old);
  if (before) validator.checkSchema(before); // For its defaults only: an object that is already there is not judged again.
  return [...issues, ...validator.checkRules(copy, issues.length > 0, before)];
}
