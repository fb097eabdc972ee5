import * as library from '@dagrejs/dagre';

/** Where something is: its middle and its size. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a line runs, and its label is. */
export interface Line extends Box {
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LayoutNode {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
  /** Size of the label; zero for none. */
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Box>;
  /** In the order of the edges. */
  readonly edges: readonly Line[];
}

/** The part of dagre that is used; its own types need another kind of module resolution. */
interface DagreGraph {
  setGraph(options: object): void;
  graph(): Partial<Box>;
  setNode(id: string, label: object): void;
  node(id: string): Box;
  setEdge(from: string, to: string, label: object, name: string): void;
  edge(from: string, to: string, name: string): Line;
}

const dagre = library as unknown as {
  readonly graphlib: { readonly Graph: new (options: object) => DagreGraph };
  layout(graph: DagreGraph): void;
};

/** Places nodes in columns so that edges run from left to right as far as they can; the origin is at the left and top of all. */
export function layout(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
  const graph = new dagre.graphlib.Graph({ directed: true, multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 48, edgesep: 18 });
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const [index, { from, to, width, height }] of edges.entries())
    graph.setEdge(from, to, { width, height, labelpos: 'c' }, String(index));
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: new Map(nodes.map(({ id }) => [id, graph.node(id)])),
    edges: edges.map(({ from, to }, index) => graph.edge(from, to, String(index))),
  };
}
