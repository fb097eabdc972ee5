import { drawing } from './drawing';
import type { Graph, GraphEdge, GraphGroup, GraphNode } from './graph';
import type { Box, Line } from './layout';
import { lineHeight, shown } from './measure';

/** The graph as a picture that stands on its own: each lattice with its links from left to right, and the hosts on the right. */
export function svgText(graph: Graph): string {
  const drawn = drawing(graph);
  const [width, height] = [Math.ceil(drawn.width), Math.ceil(drawn.height)];
  const { groups, edges } = graph;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">\n`,
    `<title>${escaped(groups.map(({ title }) => title).join(', '))}</title>\n${style}`,
    ...drawn.groups.map((box, index) => groupText(groups[index] ?? { title: '', nodes: [] }, box)),
    ...edges.map((edge, index) => edgeText(edge, drawn.edges[index])),
    ...groups.flatMap(({ nodes }) => nodes).map((node) => nodeText(node, drawn.nodes.get(node.id))),
    '</svg>\n',
  ].join('');
}

function groupText({ title }: GraphGroup, { x, y, width, height }: Box): string {
  const [left, top] = [x - width / 2, y - height / 2];
  return (
    `<rect class="group" x="${at(left)}" y="${at(top)}" width="${at(width)}" height="${at(height)}" rx="8"/>` +
    `<text class="heading" x="${at(left + 10)}" y="${at(top + 18)}">${escaped(title)}</text>\n`
  );
}

function nodeText({ kind, title, detail, ready }: GraphNode, box: Box | undefined): string {
  if (box === undefined) return '';
  const { x, y, width, height } = box;
  const state = ready === undefined ? '' : ready ? ' ready' : ' waiting';
  const round = kind === 'provider' ? height / 2 : kind === 'host' ? 2 : 6;
  return (
    `<g class="node ${kind}${state}"><title>${escaped(`${title}: ${detail}`)}</title>` +
    `<rect x="${at(x - width / 2)}" y="${at(y - height / 2)}" width="${at(width)}" height="${at(height)}" rx="${round}"/>` +
    `<text class="name" x="${at(x)}" y="${at(detail === '' ? y + 4 : y - 3)}">${escaped(shown(title))}</text>` +
    `<text class="detail" x="${at(x)}" y="${at(y + 13)}">${escaped(shown(detail))}</text></g>\n`
  );
}

function edgeText({ kind, label }: GraphEdge, edge: Line | undefined): string {
  if (edge === undefined) return '';
  const { x, y, width } = edge;
  const line = `<path class="${kind}" d="${curve(edge.points)}" marker-end="url(#arrow)"/>`;
  if (label === '') return `${line}\n`;
  const box = `<rect class="behind" x="${at(x - width / 2)}" y="${at(y - lineHeight / 2)}" width="${at(width)}" height="${lineHeight}"/>`;
  return `<g><title>${escaped(label)}</title>${line}${box}<text class="label" x="${at(x)}" y="${at(y + 4)}">${escaped(shown(label))}</text></g>\n`;
}

/** A line through the middles between the points, bent at the points. */
function curve(points: Line['points']): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${at(first.x)} ${at(first.y)}`];
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) parts.push(`L${at(point.x)} ${at(point.y)}`);
    else
      parts.push(
        `Q${at(point.x)} ${at(point.y)} ${at((point.x + next.x) / 2)} ${at((point.y + next.y) / 2)}`,
      );
  }
  return parts.join(' ');
}

function at(number: number): string {
  return String(Math.round(number * 10) / 10);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for XML; characters that XML cannot hold become spaces. */
function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ').replace(/[&<>"']/g, (one) => entities[one] ?? one);
}

const style = `<style>
  svg { background: #fff; font-family: Helvetica, Arial, sans-serif; }
  text { fill: #1f2430; }
  .group { fill: #f6f7f9; stroke: #d5d9e0; }
  .heading { font-size: 12px; font-weight: bold; fill: #5b6372; }
  .node rect { fill: #fff; stroke: #5b6372; stroke-width: 1.2; }
  .actor rect { fill: #e8f0fe; stroke: #3367d6; }
  .provider rect { fill: #e6f4ea; stroke: #188038; }
  .host rect { fill: #fef7e0; stroke: #b06000; }
  .unknown rect { stroke-dasharray: 4 3; }
  .waiting rect { stroke: #c62828; stroke-width: 2.2; }
  .name { font-size: 13px; font-weight: bold; text-anchor: middle; }
  .detail { font-size: 11px; fill: #5b6372; text-anchor: middle; }
  .link, .runs { fill: none; stroke: #5b6372; stroke-width: 1.2; }
  .runs { stroke: #b06000; stroke-dasharray: 4 3; }
  .behind { fill: #f6f7f9; opacity: 0.9; }
  .label { font-size: 10.5px; fill: #3c4352; text-anchor: middle; }
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b6372"/></marker></defs>
`;
