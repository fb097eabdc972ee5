import * as pulumi from '@pulumi/pulumi';
import { version } from '@pulumi/kubernetes/package.json';

/** A rendered manifest, as far as a deployment reads it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * One Kubernetes object as a Pulumi resource, of the same type as the class of `@pulumi/kubernetes` for its kind (so that transforms
 * and policies meet the type that they know), without loading that library.
 */
export class KubernetesObject extends pulumi.CustomResource {
  declare readonly apiVersion: pulumi.Output<string>;
  declare readonly kind: pulumi.Output<string>;
  declare readonly metadata: pulumi.Output<Manifest['metadata']>;
  /** What the cluster reports of the object, where its kind has a status. */
  declare readonly status: pulumi.Output<unknown>;

  constructor(name: string, manifest: Manifest, inputs: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    const isSecret = manifest.apiVersion === 'v1' && manifest.kind === 'Secret';
    super(
      typeOf(manifest),
      name,
      { ...inputs, ...(isSecret && secretData(inputs)), status: undefined },
      {
        version,
        ...opts,
        ...(isSecret && {
          additionalSecretOutputs: ['data', 'stringData', ...(opts.additionalSecretOutputs ?? [])],
        }),
      },
    );
  }
}

function typeOf({ apiVersion, kind }: Manifest): string {
  return `kubernetes:${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

function secretData({ data, stringData }: pulumi.Inputs): pulumi.Inputs {
  return {
    ...(data !== undefined && { data: pulumi.secret(data) }),
    ...(stringData !== undefined && { stringData: pulumi.secret(stringData) }),
  };
}
