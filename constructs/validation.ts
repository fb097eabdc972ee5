import { type ApiObject, type Chart, resolve } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { type ValidationIssue, validateManifest } from '../lib/api/validate';
import type { KubeObject } from '../lib/api/resource';
import { LatticeIndex } from './lattice-index';

/** The chart that is being rendered on its own, if any. */
let rendered: Chart | undefined;

/**
 * Renders a chart with the validation of its own objects only. cdk8s validates the whole app again for every chart that it renders,
 * which costs charts × objects.
 */
export function validatingOnly<T>(chart: Chart, render: () => T): T {
  const outer = rendered;
  rendered = chart;
  try {
    return render();
  } finally {
    rendered = outer;
  }
}

/**
 * Checks what an object was declared with at every synth, against its CRD and against what else the app declares. Issues are reported
 * at the construct that the object is the body of, all of them at once. JSON patches are the way around what this library knows, so
 * what they make is for the API server to judge.
 */
export function validateAtSynth(
  object: ApiObject,
  spec: object,
  /** More to check, against the index of the object's namespace. */
  furtherIssues: (index: LatticeIndex) => string[] = () => [],
): LatticeIndex {
  const index = LatticeIndex.of(object, object.metadata.namespace);
  const construct = constructOf(object);
  index.addObject(object, construct);
  construct.node.addValidation({
    validate: () => {
      if (rendered !== undefined && rendered !== object.chart) return [];
      return [
        ...index.nameIssues(object, construct),
        ...furtherIssues(index),
        ...manifestIssues(object, spec),
      ];
    },
  });
  return index;
}

/** The construct that a person wrote: the one around an object that is only its body. */
export function constructOf(object: ApiObject): IConstruct {
  const { id, scope } = object.node;
  return id === 'Resource' && scope !== undefined ? scope : object;
}

function manifestIssues(object: ApiObject, spec: object): string[] {
  const manifest = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata.toJson() as KubeObject['metadata'],
    spec: resolve(['spec'], spec, object) as object,
  };
  return validateManifest(manifest)
    .filter((issue) => !isDeferred(manifest, issue))
    .map(({ message }) => message);
}

/** Start of the text that stands in a manifest for a value that only the deployment knows. */
export const DEFERRED = 'kasmcloud-deferred-';

/** Whether an issue is about a value that only the deployment knows; the API server judges that one. */
function isDeferred(manifest: object, { path }: ValidationIssue): boolean {
  let value: unknown = manifest;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof value !== 'object' || value === null) break;
    value = (value as Record<string, unknown>)[key];
  }
  return JSON.stringify(value)?.includes(DEFERRED) ?? false;
}
