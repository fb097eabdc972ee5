import { compileRules } from './cel';
import { crds } from './generated/crds';
import { kindSchema } from './kind-schema';
import { API_VERSION } from './names';
import type { KubeObject } from './resource';
import { shown, type ValidationIssue } from './schema';
import { compileSchema } from './structural-schema';
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
  const found = kindSchema(kind);
  if (found === undefined) return undefined;
  const { schema, namespaced } = found;
  const validator = {
    checkSchema: compileSchema(schema, namespaced),
    checkRules: compileRules(schema),
  };
  validators.set(kind, validator);
  return validator;
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
  const issues = validator.checkSchema(object);
  return [...issues, ...validator.checkRules(object, issues.length > 0, old)];
}
