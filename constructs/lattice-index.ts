import type { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { WasmCloudLinkSpec } from '../lib/api/generated/kasmcloud';

type Declared<T> = T & { readonly construct: IConstruct };

const indexes = new WeakMap<IConstruct, Map<string, LatticeIndex>>();

/**
 * What an app declares in one namespace, by name: filled as constructs are made, so that at synth each finds what it clashes with
 * without a walk over the tree. Ids that only the deployment knows are compared by identity.
 */
export class LatticeIndex {
  /** True when a {@link Lattice} stands for the namespace, so that an id which it does not declare is a mistake. */
  complete = false;

  private readonly objects = new Map<string, Declared<object>[]>();
  private readonly components = new Map<unknown, Declared<{ role: 'actor' | 'provider' }>[]>();
  /** By source, then by what must tell its links apart. */
  private readonly links = new Map<unknown, Map<string, Declared<{ spec: WasmCloudLinkSpec }>[]>>();

  /** The index of a namespace (none: cluster-scoped objects) in the app of a construct. */
  static of(construct: IConstruct, namespace = ''): LatticeIndex {
    const { root } = construct.node;
    const byNamespace = getOrMake(indexes, root, () => new Map<string, LatticeIndex>());
    return getOrMake(byNamespace, namespace, () => new LatticeIndex());
  }

  addObject(object: ApiObject, construct: IConstruct): void {
    add(this.objects, `${object.kind}/${object.name}`, { construct });
  }

  addComponent(componentId: string, role: 'actor' | 'provider', construct: IConstruct): void {
    add(this.components, componentId, { role, construct });
  }

  addLink(spec: WasmCloudLinkSpec, construct: IConstruct): void {
    const bySource = getOrMake(
      this.links,
      spec.source,
      () => new Map<string, Declared<{ spec: WasmCloudLinkSpec }>[]>(),
    );
    add(bySource, linkKey(spec), { spec, construct });
  }

  /** What makes the name of an object unfit, with the remedy. */
  nameIssues(object: ApiObject, construct: IConstruct): string[] {
    const issues: string[] = [];
    if (object.name.length > 63)
      issues.push(
        `metadata.name must have at most 63 characters, got ${object.name.length} in "${object.name}": shorten the ids on the path, or give metadata.name`,
      );
    const first = this.objects.get(`${object.kind}/${object.name}`)?.find(inTree);
    if (first !== undefined && first.construct !== construct)
      issues.push(
        `metadata.name must be unique, got "${object.name}", which is the name of the ${object.kind} [${first.construct.node.path}] too: give one of them another metadata.name`,
      );
    return issues;
  }

  /** One id cannot stand for an actor and for a provider; several actors with one id are replicas. */
  componentIssues(componentId: string, role: 'actor' | 'provider', construct: IConstruct): string[] {
    const first = this.components.get(componentId)?.find(inTree);
    if (first === undefined || first.role === role || first.construct === construct) return [];
    return [
      `spec.componentId must not be that of both an actor and a provider, got "${componentId}", which is the id of the ${first.role} [${first.construct.node.path}] too: give one of them another id`,
    ];
  }

  /** Ends that are not there, and links that the lattice could not tell apart. */
  linkIssues(spec: WasmCloudLinkSpec, construct: IConstruct): string[] {
    const issues: string[] = [];
    for (const end of ['source', 'target'] as const)
      if (this.complete && this.components.get(spec[end])?.find(inTree) === undefined)
        issues.push(
          `spec.${end} must be the id of an actor or provider of this lattice, got "${spec[end]}": declare it here, or import it with Actor.fromActorName or Provider.fromProviderName`,
        );
    const alike = this.links.get(spec.source)?.get(linkKey(spec)) ?? [];
    const twin = alike.find(
      (link) => link.construct === construct || (inTree(link) && clash(link.spec, spec)),
    );
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

function linkKey({ name = 'default', wit }: WasmCloudLinkSpec): string {
  return `${wit.namespace}:${wit.package} ${name}`;
}

/** False for a construct that was taken out of the tree after it was declared. */
function inTree({ construct }: Declared<object>): boolean {
  return construct.node.scopes.every(
    ({ node }, depth, scopes) =>
      depth === 0 || scopes[depth - 1]?.node.tryFindChild(node.id) === scopes[depth],
  );
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  getOrMake(map, key, () => []).push(value);
}

function getOrMake<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V;
function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V;
function getOrMake<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
