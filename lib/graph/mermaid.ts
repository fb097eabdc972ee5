import type { Graph, GraphNode } from './graph';

const shapes = {
  actor: ['["', '"]'],
  provider: ['(["', '"])'],
  host: ['[["', '"]]'],
  unknown: ['{{"', '"}}'],
} as const;

/** The graph as a flowchart of Mermaid. */
export function mermaidText({ groups, edges }: Graph): string {
  const ids = new Map<string, string>();
  const lines = ['flowchart LR'];
  for (const [index, { title, nodes }] of groups.entries()) {
    lines.push(`  subgraph g${index}["${escaped(title)}"]`);
    for (const node of nodes) {
      ids.set(node.id, `n${ids.size}`);
      lines.push(`    ${ids.get(node.id)}${shape(node)}`);
    }
    lines.push('  end');
  }
  for (const { from, to, kind, label } of edges) {
    const arrow = kind === 'link' ? '-->' : '-.->';
    lines.push(`  ${ids.get(from)} ${arrow}${label === '' ? '' : `|"${escaped(label)}"|`} ${ids.get(to)}`);
  }
  const waiting = groups.flatMap(({ nodes }) => nodes).filter(({ ready }) => ready === false);
  if (waiting.length > 0) {
    lines.push('  classDef waiting stroke:#c62828,stroke-width:2px');
    lines.push(`  class ${waiting.map(({ id }) => ids.get(id)).join(',')} waiting`);
  }
  return `${lines.join('\n')}\n`;
}

function shape({ kind, title, detail }: GraphNode): string {
  const [open, close] = shapes[kind];
  return `${open}${escaped(title)}${detail === '' ? '' : `<br/>${escaped(detail)}`}${close}`;
}

/** Text that Mermaid takes as it is: whatever could mean something to it, as the number of its character. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:/()_-]/gu, (character) => `#${character.codePointAt(0)};`);
}
