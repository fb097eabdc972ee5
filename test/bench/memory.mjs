import { readFileSync } from 'node:fs';

/**
 * Proportional set size of a process, in MB: pages that several share are counted once.
 * @param {number} pid
 */
export function proportionalMemory(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) / 1024;
}
