/** What a node stands for. */
export type NodeKind = 'actor' | 'provider' | 'host' | 'unknown';

/** One thing of a lattice. */
export interface GraphNode {
  /** Unique in its graph. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  /** A line below the title; may be empty. */
  readonly detail: string;
  /** Whether it is ready; undefined where nobody knows, as in code. */
  readonly ready: boolean | undefined;
}

/** A link from importer to exporter, or that a host runs something. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'link' | 'runs';
  /** May be empty. */
  readonly label: string;
}

/** What stands together: a lattice, or the hosts. */
export interface GraphGroup {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
}

export interface Graph {
  readonly groups: readonly GraphGroup[];
  readonly edges: readonly GraphEdge[];
}
