import { appendFileSync } from 'node:fs';
import { FileLock } from '../../../lib/local/file-lock';

// Takes a lock COUNT times, and writes down when it has it. Run as a process of its own.
async function main([base = '', journal = '', count = '0']: string[]): Promise<void> {
  const lock = new FileLock(base);
  for (let i = 0; i < Number(count); i++) {
    while (!lock.tryAcquire()) await new Promise((resolve) => setTimeout(resolve, 1));
    appendFileSync(journal, `begin ${process.pid} ${i}\n`);
    await new Promise((resolve) => setTimeout(resolve, 0));
    appendFileSync(journal, `end ${process.pid} ${i}\n`);
    lock.release();
  }
}

void main(process.argv.slice(2));
