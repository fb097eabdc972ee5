import type { GraphNode } from './graph';

/** Height of a line of a label. */
export const lineHeight = 16;
const nodeHeight = 44;
const longest = 60;

/** A text, cut where it gets long. */
export function shown(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** Widths of letters are guessed, on the wide side: whoever shows the picture has the font. */
export function nodeSize({ title, detail }: GraphNode): { width: number; height: number } {
  const width = Math.max(96, 28 + 8.2 * shown(title).length, 28 + 6.4 * shown(detail).length);
  return { width, height: nodeHeight };
}

export function labelSize(label: string): { width: number; height: number } {
  return label === '' ? { width: 0, height: 0 } : { width: 14 + 6 * shown(label).length, height: lineHeight };
}
