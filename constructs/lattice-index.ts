import type { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { WasmCloudLinkSpec } from '../lib/api/generated/kasmcloud';

type Role = 'actor' | 'provider';

interface Component {
  readonly role: Role;
  readonly construct: IConstruct;
}

interface Link {
  readonly spec: WasmCloudLinkSpec;
  readonly construct: IConstruct;
}

/** Values by key; hardly any key has more than one, so that a lone one stands for itself. */
class Multimap<V extends object> {
  private readonly values = new Map<unknown, V | V[]>();

  add(key: unknown, value: V): void {
    const known = this.values.get(key);
    if (known === undefined) this.values.set(key, value);
    else if (Array.isArray(known)) known.push(value);
    else this.values.set(key, [known, value]);
  }

  get(key: unknown): readonly V[] {
    const known = this.values.get(key);
    return known === undefined ? [] : Array.isArray(known) ? known : [known];
  }
}

const indexes = new WeakMap<IConstruct, Map<string, LatticeIndex>>();

/**
 * What an app declares in one namespace, by name: filled as constructs are made, so that at synth each finds what it clashes with
 * without a walk over the tree. Ids that only the deployment knows are compared by identity.
 */
export class LatticeIndex {
  /** True when a {@link Lattice} stands for the namespace, so that an id which it does not declare is a mistake. */
  complete = false;

  private readonly objects = new Map<string, Multimap<IConstruct>>();
  private readonly components = new Multimap<Component>();
  /** By source and what must tell its links apart. */
  private readonly links = new Multimap<Link>();

  /** The index of a namespace (none: cluster-scoped objects) in the app of a construct. */
  static of(construct: IConstruct, namespace = ''): LatticeIndex {
    const { root } = construct.node;
    let byNamespace = indexes.get(root);
    if (byNamespace === undefined) indexes.set(root, (byNamespace = new Map<string, LatticeIndex>()));
    let index = byNamespace.get(namespace);
    if (index === undefined) byNamespace.set(namespace, (index = new LatticeIndex()));
    return index;
  }

  addObject({ kind, name }: ApiObject, construct: IConstruct): void {
    let byName = this.objects.get(kind);
    if (byName === undefined) this.objects.set(kind, (byName = new Multimap()));
    byName.add(name, construct);
  }

  addComponent(componentId: string, role: Role, construct: IConstruct): void {
    this.components.add(componentId, { role, construct });
  }

  addLink(spec: WasmCloudLinkSpec, construct: IConstruct): void {
    this.links.add(linkKey(spec), { spec, construct });
  }

  /** What makes the name of an object unfit, with the remedy. */
  nameIssues(object: ApiObject, construct: IConstruct): string[] {
    const issues: string[] = [];
    if (object.name.length > 63)
      issues.push(
        `metadata.name must have at most 63 characters, got ${object.name.length} in "${object.name}": shorten the ids on the path, or give metadata.name`,
      );
    const first = firstInTree(this.objects.get(object.kind)?.get(object.name), construct);
    if (first !== undefined && first !== construct)
      issues.push(
        `metadata.name must be unique, got "${object.name}", which is the name of the ${object.kind} [${first.node.path}] too: give one of them another metadata.name`,
      );
    return issues;
  }

  /** One id cannot stand for an actor and for a provider; several actors with one id are replicas. */
  componentIssues(componentId: string, role: Role): string[] {
    const namesakes = this.components.get(componentId);
    if (namesakes.every((namesake) => namesake.role === role)) return [];
    const first = namesakes.find((namesake) => inTree(namesake.construct));
    if (first === undefined || first.role === role) return [];
    return [
      `spec.componentId must not be that of both an actor and a provider, got "${componentId}", which is the id of the ${first.role} [${first.construct.node.path}] too: give one of them another id`,
    ];
  }

  /** Ends that are not there, and links that the lattice could not tell apart. */
  linkIssues(spec: WasmCloudLinkSpec, construct: IConstruct): string[] {
    const issues: string[] = [];
    for (const end of ['source', 'target'] as const)
      if (this.complete && !this.components.get(spec[end]).some((one) => inTree(one.construct)))
        issues.push(
          `spec.${end} must be the id of an actor or provider of this lattice, got "${spec[end]}": declare it here, or import it with Actor.fromActorName or Provider.fromProviderName`,
        );
    if (spec.source === spec.target)
      issues.push(
        `spec.target must not be the source, got "${spec.target}" for both: a component does not call itself over the lattice, so name another`,
      );
    const twin = this.links
      .get(linkKey(spec))
      .find((link) => link.construct === construct || (clash(link.spec, spec) && inTree(link.construct)));
    if (twin !== undefined && twin.construct !== construct)
      issues.push(
        `spec.name must tell links apart, got "${spec.name ?? 'default'}", by which [${twin.construct.node.path}] links "${spec.source}" over ${spec.wit.namespace}:${spec.wit.package} already: give one of them another name`,
      );
    return issues;
  }
}

/** Among links of one source with the same key: would the lattice take one for the other, or not know which target to choose? */
function clash(a: WasmCloudLinkSpec, b: WasmCloudLinkSpec): boolean {
  return a.target === b.target || a.wit.interfaces.some((name) => b.wit.interfaces.includes(name));
}

function linkKey({ source, name = 'default', wit }: WasmCloudLinkSpec): string {
  return `${wit.namespace}:${wit.package} ${keyOf(name)} ${keyOf(source)}`;
}

const identities = new WeakMap<object, string>();
let identified = 0;

/** A text that stands for a text, or for a value that only the deployment knows. */
function keyOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = `#${identified++}`));
  return identity;
}

/** The first that is still part of the program; `own`, which asks, is. */
function firstInTree(constructs: readonly IConstruct[] = [], own: IConstruct): IConstruct | undefined {
  return constructs.find((construct) => construct === own || inTree(construct));
}

/** False for a construct that was taken out of the tree after it was declared. */
function inTree(construct: IConstruct): boolean {
  for (let at = construct; at.node.scope !== undefined; at = at.node.scope)
    if (at.node.scope.node.tryFindChild(at.node.id) !== at) return false;
  return true;
}
