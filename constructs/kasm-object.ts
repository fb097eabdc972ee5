import { ApiObject, type ApiObjectMetadata, type Chart, type GroupVersionKind, type JsonPatch } from 'cdk8s';
import type { Construct, IConstruct, IValidation } from 'constructs';
import type { KubeObject } from '../lib/api/resource';
import { type ValidationIssue, validateManifest } from '../lib/api/validate';
import { LatticeIndex } from './lattice-index';
import { render } from './render';

/** The chart that is being rendered on its own, if any. */
let rendered: Chart | undefined;

/**
 * Renders a chart with the validation of its own objects only. cdk8s validates the whole app again for every chart that it renders,
 * which costs charts × objects.
 */
export function validatingOnly<T>(chart: Chart, toJson: () => T): T {
  const outer = rendered;
  rendered = chart;
  try {
    return toJson();
  } finally {
    rendered = outer;
  }
}

/** What an object of our kinds is declared with. */
export interface KasmObjectProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: object;
}

/**
 * An object of one of our kinds. It is checked at every synth, against its CRD and against what else the app declares; issues are
 * reported at the construct that it is the body of, all of them at once. JSON patches are the way around what this library knows, so
 * what they make is for the API server to judge. Nothing is filtered on the way out.
 */
export abstract class KasmObject extends ApiObject implements IValidation {
  /** What the app declares in the namespace of this object. */
  protected readonly index: LatticeIndex;
  /** The construct that a person wrote: the one around an object that is only its body. */
  protected readonly construct: IConstruct;

  private patched = false;
  /** Whether the whole app was validated since the last rendering, and this was right: cdk8s then asks again for its chart. */
  private judged = false;
  /** What was validated for the rendering that goes on. */
  private validated: object | undefined;

  constructor(
    scope: Construct,
    id: string,
    gvk: GroupVersionKind,
    private readonly declared: KasmObjectProps,
    clusterScoped = false,
  ) {
    super(scope, id, { ...gvk, ...declared });
    if (clusterScoped) dropNamespace(this);
    this.construct = id === 'Resource' ? scope : this;
    this.index = LatticeIndex.of(this, this.metadata.namespace);
    this.index.addObject(this, this.construct);
    this.construct.node.addValidation(this);
  }

  override addJsonPatch(...ops: JsonPatch[]): void {
    this.patched = true;
    super.addJsonPatch(...ops);
  }

  override toJson(): object {
    const { validated } = this;
    this.validated = undefined;
    this.judged = false;
    if (this.patched || process.env['CDK8S_DISABLE_SORT']) return super.toJson() as object;
    // Between validating and rendering its own chart, cdk8s runs nobody's code.
    return rendered === this.chart && validated !== undefined ? validated : this.manifest();
  }

  /** What is wrong with the object, for cdk8s to report at every synth. */
  validate(): string[] {
    if (rendered !== undefined && (rendered !== this.chart || this.judged)) return [];
    const issues = this.index
      .nameIssues(this, this.construct)
      .concat(this.furtherIssues(), this.manifestIssues());
    this.judged = rendered === undefined && issues.length === 0;
    return issues;
  }

  /** More to check than the schema and the names. */
  protected furtherIssues(): string[] {
    return [];
  }

  private manifestIssues(): string[] {
    const manifest = this.manifest();
    if (rendered === this.chart) this.validated = manifest;
    return validateManifest(manifest).flatMap((issue) =>
      isDeferred(manifest, issue) ? [] : [issue.message],
    );
  }

  private manifest(): KubeObject {
    const { apiVersion, kind } = this;
    const { metadata, spec } = render(this, this.declared.spec);
    return { apiVersion, kind, metadata: metadata as KubeObject['metadata'], spec } as KubeObject;
  }
}

/** Takes back the namespace that a chart stamps on every object: the object is of a cluster-scoped kind. */
export function dropNamespace(object: ApiObject): void {
  // cdk8s offers no way to say so: it fills an absent namespace in from the chart.
  (object.metadata as { namespace?: string | undefined }).namespace = undefined;
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
