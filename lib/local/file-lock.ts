import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { readIfThere } from './files';
import { identify, isAlive, type ProcessIdentity } from '../base/process-identity';

/** A lock between processes that outlives none of them: when its holder dies, however it dies, the next one takes over. */
export class FileLock {
  private file: string | undefined;

  /**
   * @param base Path of the lock; files named after it, with a number behind, appear beside it.
   *
   * A holder has the file with the highest number, and that file is never deleted, only followed: so "who holds it" has one
   * answer at any moment, and taking over from the dead is one atomic `link(2)` that a single taker can win.
   */
  constructor(private readonly base: string) {}

  /** Takes the lock and returns true, or false while another living process holds it. */
  tryAcquire(): boolean {
    mkdirSync(path.dirname(this.base), { recursive: true });
    const me = identify(process.pid);
    if (me === undefined) throw new Error(`Process ${process.pid} cannot identify itself`);
    const last = this.newest();
    if (this.holder() !== undefined) return false;

    const draft = `${this.base}.${randomUUID()}`;
    const mine = `${this.base}.${last + 1}`;
    writeFileSync(draft, JSON.stringify(me));
    try {
      linkSync(draft, mine);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(draft);
    }
    if (this.newest() !== last + 1) {
      // Between the look and the link others came and went, and one of them cleared the file that stood in the way.
      rmSync(mine, { force: true });
      return false;
    }
    for (const number of this.numbers()) {
      if (number <= last) rmSync(`${this.base}.${number}`, { force: true });
    }
    this.file = mine;
    return true;
  }

  /** Gives the lock back; without effect when it is not held. */
  release(): void {
    if (this.file === undefined) return;
    const draft = `${this.base}.${randomUUID()}`;
    writeFileSync(draft, '');
    renameSync(draft, this.file);
    this.file = undefined;
  }

  /** The living process that holds the lock. */
  holder(): ProcessIdentity | undefined {
    const last = this.newest();
    if (last === 0) return undefined;
    const text = readIfThere(`${this.base}.${last}`);
    // Gone between the two looks: somebody newer has it, or had it.
    if (text === undefined) return this.holder();
    if (text === '') return undefined;
    const holder = JSON.parse(text) as ProcessIdentity;
    return isAlive(holder) ? holder : undefined;
  }

  private newest(): number {
    return Math.max(0, ...this.numbers());
  }

  private numbers(): number[] {
    const prefix = `${path.basename(this.base)}.`;
    const dir = path.dirname(this.base);
    return (existsSync(dir) ? readdirSync(dir) : [])
      .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)));
  }
}
