export type { Graph, GraphEdge, GraphGroup, GraphNode, NodeKind } from './graph';
export { graphOf } from './graph-of';
export { mermaidText } from './mermaid';
export { svgText } from './svg';
