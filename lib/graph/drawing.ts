import type { Graph, GraphGroup, GraphNode } from './graph';
import { type Box, layout, type Line } from './layout';
import { labelSize, nodeSize } from './measure';

/** Where everything of a graph is. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** In the order of the groups. */
  readonly groups: readonly Box[];
  readonly nodes: ReadonlyMap<string, Box>;
  /** In the order of the edges; the label of a line to a host ends at its arrow. */
  readonly edges: readonly Line[];
}

const margin = 20;
const padding = 20;
/** Above the nodes of a group, for its heading. */
const headroom = 34;
const gap = 24;
/** Between the lattices and the hosts, where lines from one to the other run. */
const alley = 180;
/** Between the lines that end at one host. */
const step = 20;

/** Lattices below each other, each with its links from left to right, and the hosts on the right of all. */
export function drawing({ groups, edges }: Graph): Drawing {
  const nodes = new Map<string, Box>();
  const lines = new Map<number, Line>();
  const boxes: Box[] = [];
  let [right, bottom] = [margin, margin];
  for (const group of groups.filter((each) => !isHosts(each))) {
    const ids = new Set(group.nodes.map(({ id }) => id));
    const own = edges.flatMap((edge, index) =>
      edge.kind === 'link' && ids.has(edge.from) ? [{ edge, index }] : [],
    );
    const laid = layout(
      group.nodes.map((node) => ({ id: node.id, ...nodeSize(node) })),
      own.map(({ edge: { from, to, label } }) => ({ from, to, ...labelSize(label) })),
    );
    const [dx, dy] = [margin + padding, bottom + headroom];
    for (const [id, box] of laid.nodes) nodes.set(id, moved(box, dx, dy));
    for (const [at, line] of laid.edges.entries()) {
      const points = line.points.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
      lines.set(own[at]?.index ?? -1, { ...moved(line, dx, dy), points });
    }
    const [width, height] = [Math.max(laid.width, 160) + 2 * padding, laid.height + headroom + padding];
    boxes.push({ x: margin + width / 2, y: bottom + height / 2, width, height });
    right = Math.max(right, margin + width);
    bottom += height + gap;
  }
  const hosts = groups.find(isHosts);
  if (hosts !== undefined) {
    const left = boxes.length === 0 ? margin : right + alley;
    const box = placeHosts(hosts.nodes, left, { edges, nodes, lines });
    boxes.push(box);
    right = box.x + box.width / 2;
    bottom = Math.max(bottom, box.y + box.height / 2 + gap);
  }
  return {
    width: right + margin,
    height: bottom - gap + margin,
    groups: boxes,
    nodes,
    edges: edges.map((_, index) => lines.get(index) ?? { x: 0, y: 0, width: 0, height: 0, points: [] }),
  };
}

function isHosts({ nodes }: GraphGroup): boolean {
  return nodes.some(({ kind }) => kind === 'host');
}

/** Hosts in a column, each as high as the lines to it need. */
function placeHosts(
  hosts: readonly GraphNode[],
  left: number,
  { edges, nodes, lines }: { edges: Graph['edges']; nodes: Map<string, Box>; lines: Map<number, Line> },
): Box {
  const width = Math.max(...hosts.map((host) => nodeSize(host).width));
  let top = margin + headroom;
  for (const host of hosts) {
    const coming = edges.flatMap((edge, index) => (edge.to === host.id ? [{ edge, index }] : []));
    const height = Math.max(nodeSize(host).height, step * coming.length + 8);
    const box = { x: left + padding + width / 2, y: top + height / 2, width, height };
    nodes.set(host.id, box);
    const sorted = coming.sort((a, b) => (nodes.get(a.edge.from)?.y ?? 0) - (nodes.get(b.edge.from)?.y ?? 0));
    for (const [at, { edge, index }] of sorted.entries()) {
      const from = nodes.get(edge.from);
      const label = labelSize(edge.label);
      const end = { x: left + padding, y: box.y + step * (at - (coming.length - 1) / 2) };
      const start = from === undefined ? end : { x: from.x + from.width / 2, y: from.y };
      const middle = { x: end.x - 24 - label.width, y: end.y };
      lines.set(index, { x: end.x - 14 - label.width / 2, y: end.y, ...label, points: [start, middle, end] });
    }
    top += height + gap;
  }
  const height = top - gap + padding - margin;
  return { x: left + width / 2 + padding, y: margin + height / 2, width: width + 2 * padding, height };
}

function moved(box: Box, dx: number, dy: number): Box {
  return { x: box.x + dx, y: box.y + dy, width: box.width, height: box.height };
}
