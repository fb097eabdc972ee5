import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { type RbacObject, rbacManifests, type RbacSubject, type RuntimeRole } from '../../lib/api/rbac';
import type { ILattice } from '../ilattice';
import { dropNamespace } from '../kasm-object';
import { partLabels, partNamespace } from './names';

/** Properties of {@link RuntimeAccess}. */
export interface RuntimeAccessProps {
  /** What the program that gets access is. */
  readonly role: RuntimeRole;
  /** ServiceAccount in the namespace of the chart that gets it. */
  readonly serviceAccount: string;
  /**
   * Lattices in which it works; more by {@link RuntimeAccess.grantLattice}. `'*'` stands for every namespace, Secrets included.
   *
   * @default - none
   */
  readonly lattices?: readonly ILattice[] | '*';
}

/**
 * The least that a role of the `kasmcloud` program needs of the API server: the rules are those that the program is tested with. Rights
 * in a lattice are bound in its namespace only, so that a host reads no other lattice's Secrets.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { Lattice, RuntimeAccess } from 'kasmcloud';
 *
 * const chart = new Chart(new App(), 'platform', { namespace: 'kasmcloud-system' });
 * new RuntimeAccess(chart, 'access', { role: 'host', serviceAccount: 'edge-host' }).grantLattice(
 *   Lattice.fromNamespace(chart, 'Shop', 'shop'),
 * );
 */
export class RuntimeAccess extends Construct {
  /** Whether every namespace is served. */
  readonly everyLattice: boolean;

  private readonly granted = new Set<string>();
  private readonly role: RuntimeRole;
  private readonly subject: RbacSubject;

  constructor(scope: Construct, id: string, props: RuntimeAccessProps) {
    super(scope, id);
    const { role, serviceAccount: name, lattices = [] } = props;
    this.role = role;
    this.subject = { kind: 'ServiceAccount', name, namespace: partNamespace(this) };
    this.everyLattice = lattices === '*';
    const manifests = rbacManifests(role, [this.subject], lattices === '*' ? undefined : []);
    for (const manifest of manifests) this.declare(manifest);
    if (lattices !== '*') for (const lattice of lattices) this.grantLattice(lattice);
  }

  /** The namespaces that are served, in the order in which they were granted. */
  get lattices(): readonly string[] {
    return [...this.granted];
  }

  /** Lets the program work in a lattice, too. Nothing to do where it works in all of them. */
  grantLattice(lattice: ILattice): void {
    const { namespace } = lattice;
    if (this.everyLattice || this.granted.has(namespace)) return;
    this.granted.add(namespace);
    const bindings = rbacManifests(this.role, [this.subject], [namespace]);
    for (const binding of bindings)
      if (binding.kind === 'RoleBinding' && binding.metadata.namespace === namespace && isOfLattice(binding))
        this.declare(binding, lattice);
  }

  /** One object, under a name of this subject's own: several hosts may have different lattices. */
  private declare(manifest: RbacObject, lattice?: ILattice): void {
    const { apiVersion, kind, rules, subjects, roleRef } = manifest;
    const { name, namespace } = manifest.metadata;
    const own = (text: string): string => `${text}:${partNamespace(this)}:${this.subject.name}`;
    // What belongs to a lattice of this program comes with it, after its Namespace.
    const scope = Chart.isChart(lattice) ? lattice : this;
    const id = [kind, namespace ?? '', scope === this ? name : own(name)].join('-').replace(/[^\w-]+/g, '-');
    const object = new ApiObject(scope, id, {
      apiVersion,
      kind,
      metadata: {
        name: own(name),
        ...(namespace && { namespace }),
        labels: partLabels(this, `kasmcloud-${this.role}`),
      },
      ...(rules && { rules }),
      ...(subjects && { subjects }),
      ...(roleRef && { roleRef: { ...roleRef, name: own(roleRef.name) } }),
    });
    if (namespace === undefined) dropNamespace(object);
  }
}

function isOfLattice({ metadata }: RbacObject): boolean {
  return metadata.name.endsWith(':lattice');
}
