import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

/** Size at which a log file is set aside; one older file is kept, so a log takes at most twice this. */
const boundBytes = 8 * 1024 * 1024;

/**
 * Sets a log aside as `FILE.1` when it has grown past its bound. The file is emptied, not replaced: its writers opened it for
 * appending and go on writing at the new end. What they write between the copy and the cut is lost, which a log survives.
 */
export function boundLog(file: string, bound = boundBytes): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= bound) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}

/** The last lines of a file, without its final newline; empty when there is no file. */
export function lastLines(file: string, count: number, fromByte = 0): string[] {
  if (!statSync(file, { throwIfNoEntry: false })) return [];
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const window = 64 * 1024;
    let start = size;
    let text = Buffer.alloc(0);
    while (start > fromByte && countOf(text, 0x0a) <= count) {
      const next = Math.max(fromByte, start - window);
      const chunk = Buffer.alloc(start - next);
      readSync(fd, chunk, 0, chunk.length, next);
      text = Buffer.concat([chunk, text]);
      start = next;
    }
    const lines = text.toString().split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count);
  } finally {
    closeSync(fd);
  }
}

function countOf(buffer: Buffer, byte: number): number {
  let count = 0;
  for (let at = buffer.indexOf(byte); at !== -1; at = buffer.indexOf(byte, at + 1)) count++;
  return count;
}
