import {
  conditionOf,
  type Conditioned,
  conditionTypes,
  GROUP,
  isReady,
  type KubeObject,
  type WasmCloudActor,
  type WasmCloudDistribution,
  type WasmCloudLink,
  type WasmCloudProvider,
} from '../api';
import type { Graph, GraphEdge, GraphGroup, GraphNode } from './graph';

/** The graph of the lattices among some objects, as a program declares them or as a server has them. */
export function graphOf(objects: readonly KubeObject[]): Graph {
  const ours = objects.filter(({ apiVersion }) => apiVersion.startsWith(`${GROUP}/`));
  const namespaces = [
    ...new Set(
      ours.flatMap(({ kind, metadata }) => (kind === 'WasmCloudHost' ? [] : (metadata.namespace ?? ''))),
    ),
  ];
  const lattices = namespaces.sort().map((namespace) => new LatticeGraph(namespace, ours));
  const known = new Set(
    ours.filter(({ kind }) => kind === 'WasmCloudHost').map(({ metadata }) => metadata.name),
  );
  const named = [...known, ...lattices.flatMap(({ hosts }) => [...hosts])];
  const hosts = [...new Set(named)].sort().map((name): GraphNode => {
    const host = ours.find(({ kind, metadata }) => kind === 'WasmCloudHost' && metadata.name === name);
    return { id: hostId(name), kind: 'host', title: name, detail: 'host', ready: host && readiness(host) };
  });
  return {
    groups: [
      ...lattices.map(({ group }) => group),
      ...(hosts.length > 0 ? [{ title: 'hosts', nodes: hosts }] : []),
    ],
    edges: lattices.flatMap(({ edges }) => edges),
  };
}

type Bound = WasmCloudActor | WasmCloudProvider;

class LatticeGraph {
  /** Names of the hosts that run something of it. */
  readonly hosts = new Set<string>();
  readonly edges: GraphEdge[] = [];
  readonly group: GraphGroup;

  private readonly nodes = new Map<string, GraphNode>();

  constructor(
    private readonly namespace: string,
    objects: readonly KubeObject[],
  ) {
    const own = objects.filter(
      ({ kind, metadata }) => kind !== 'WasmCloudHost' && (metadata.namespace ?? '') === namespace,
    );
    const bound = own.filter(isBound);
    for (const object of own)
      if (object.kind === 'WasmCloudDistribution') this.addDistribution(object as WasmCloudDistribution);
    for (const object of bound) this.addBound(object);
    this.addPlaces(bound);
    for (const object of own) if (object.kind === 'WasmCloudLink') this.addLink(object as WasmCloudLink);
    this.group = {
      title: namespace === '' ? 'lattice' : `lattice ${namespace}`,
      nodes: [...this.nodes.values()],
    };
  }

  private addDistribution(object: WasmCloudDistribution): void {
    const { template, mode, instances = 1 } = object.spec;
    const { actor, provider } = template;
    const spread = mode === 'Daemon' ? `${instances} on each host` : count(instances);
    const now = object.status?.readyInstances === undefined ? '' : `, ${object.status.readyInstances} ready`;
    this.add((actor ?? provider)?.componentId ?? object.metadata.name, {
      kind: actor ? 'actor' : 'provider',
      title: object.metadata.name,
      detail: `${actor ? 'actor' : 'provider'}, ${spread}${now}`,
      ready: readiness(object),
    });
  }

  /** Several of one component are its replicas. */
  private addBound(object: Bound): void {
    const id = object.spec.componentId ?? object.metadata.name;
    if (this.nodes.has(id)) return;
    const actor = object.kind === 'WasmCloudActor';
    const runtime =
      actor || object.spec.runtime === undefined || object.spec.runtime === 'Process'
        ? ''
        : `, ${object.spec.runtime}`;
    this.add(id, {
      kind: actor ? 'actor' : 'provider',
      title: object.metadata.name,
      detail: actor ? `actor, ${count(object.spec.instances ?? 1)}` : `provider${runtime}`,
      ready: readiness(object),
    });
  }

  private addPlaces(bound: readonly Bound[]): void {
    const places = new Map<string, { id: string; host: string; instances: number; actor: boolean }>();
    for (const { kind, metadata, spec, status } of bound) {
      const host = spec.host ?? status?.hostName;
      if (host === undefined) continue;
      const id = spec.componentId ?? metadata.name;
      const place = places.get(`${id} ${host}`) ?? {
        id,
        host,
        instances: 0,
        actor: kind === 'WasmCloudActor',
      };
      place.instances += 'instances' in spec ? (spec.instances ?? 1) : 1;
      places.set(`${id} ${host}`, place);
    }
    for (const { id, host, instances, actor } of places.values()) {
      this.hosts.add(host);
      this.edges.push({
        from: this.idOf(id),
        to: hostId(host),
        kind: 'runs',
        label: actor ? count(instances) : '',
      });
    }
  }

  private addLink({ spec }: WasmCloudLink): void {
    for (const end of [spec.source, spec.target]) {
      if (!this.nodes.has(end))
        this.add(end, { kind: 'unknown', title: end, detail: 'not declared here', ready: undefined });
    }
    const { namespace, package: pkg, interfaces } = spec.wit;
    const name = spec.name === undefined || spec.name === 'default' ? '' : ` (${spec.name})`;
    this.edges.push({
      from: this.idOf(spec.source),
      to: this.idOf(spec.target),
      kind: 'link',
      label: `${namespace}:${pkg}/${interfaces.join(',')}${name}`,
    });
  }

  private add(component: string, node: Omit<GraphNode, 'id'>): void {
    this.nodes.set(component, { id: this.idOf(component), ...node });
  }

  private idOf(component: string): string {
    return `component/${this.namespace}/${component}`;
  }
}

function isBound(object: KubeObject): object is Bound {
  return object.kind === 'WasmCloudActor' || object.kind === 'WasmCloudProvider';
}

function hostId(name: string): string {
  return `host/${name}`;
}

function count(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances} instances`;
}

function readiness(object: Conditioned): boolean | undefined {
  return conditionOf(object, conditionTypes.ready) === undefined ? undefined : isReady(object);
}
