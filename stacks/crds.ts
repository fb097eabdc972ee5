import type * as pulumi from '@pulumi/pulumi';
import { customResourceDefinitions } from '../lib/api/crds';
import { KubernetesObject, type Manifest } from './kubernetes-object';

/**
 * Deploys the definitions of the six kinds; give the result as `dependsOn` to the lattices of the same program. Destroying them
 * destroys every lattice of the cluster, so give `retainOnDelete` where others use them too.
 *
 * @example
 * import { deployCrds, LatticeStack } from 'kasmcloud/stacks';
 *
 * const crds = deployCrds({ retainOnDelete: true });
 * new LatticeStack('shop', { declare: () => undefined }, { dependsOn: crds });
 */
export function deployCrds(opts: pulumi.CustomResourceOptions = {}): KubernetesObject[] {
  return customResourceDefinitions().map((definition) => {
    const manifest = definition as object as Manifest;
    return new KubernetesObject(`kasmcloud/${manifest.metadata.name}`, manifest, manifest, opts);
  });
}
