import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/errors';
import {
  identify,
  isAlive,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from '../../base/process-identity';
import { sleep } from '../../base/sleep';
import type { LatticeLogger } from '../../lattice/logger';

/** Time that a process left behind has to end by itself. */
const LEFTOVER_MS = 5_000;
const POLL_MS = 50;

interface Entry {
  readonly provider: string;
  readonly process: ProcessIdentity;
  /** Who started it. */
  readonly host: ProcessIdentity;
}

/**
 * The processes that a host started, on disk: a host that is killed cannot end its providers, so the next one with the same folder does.
 * Each process leads a group of its own, which is ended as a whole.
 */
export class ProcessLedger {
  private readonly running = new Map<number, string>();

  constructor(
    private readonly dir: string,
    private readonly log: LatticeLogger,
  ) {
    process.once('exit', this.killAll);
  }

  /** Remembers a process that was just started. Synchronous: nothing may come between the start and this. */
  add(provider: string, pid: number): void {
    const started = identify(pid);
    const host = identify(process.pid);
    if (started === undefined || host === undefined) return;
    const file = join(this.dir, `${pid}.json`);
    const draft = join(this.dir, `${randomUUID()}.draft`);
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify({ provider, process: started, host } satisfies Entry));
    renameSync(draft, file);
    this.running.set(pid, file);
  }

  /** Forgets a process that has ended, and ends what it left of its group. */
  remove(pid: number): void {
    signalGroup(pid, 'SIGKILL');
    const file = this.running.get(pid);
    if (file === undefined) return;
    this.running.delete(pid);
    rmSync(file, { force: true });
  }

  /** Ends the processes of hosts that are no more. */
  async endLeftovers(): Promise<void> {
    const left: ProcessIdentity[] = [];
    for (const name of await filesOf(this.dir)) {
      const file = join(this.dir, name);
      const entry = await this.read(file);
      if (entry !== undefined && isAlive(entry.host)) continue;
      if (entry !== undefined && signalProcess(entry.process, 'SIGTERM')) {
        this.log.warn(
          { provider: entry.provider, pid: entry.process.pid },
          'Ends a provider that a killed host left',
        );
        left.push(entry.process);
      }
      await rm(file, { force: true });
    }
    for (
      const deadline = performance.now() + LEFTOVER_MS;
      left.some(isAlive) && performance.now() < deadline;
    )
      await sleep(POLL_MS);
    for (const one of left) if (isAlive(one)) signalGroup(one.pid, 'SIGKILL');
  }

  /** Ends everything at once and for good. */
  close(): void {
    process.removeListener('exit', this.killAll);
    this.killAll();
  }

  private readonly killAll = (): void => {
    for (const pid of this.running.keys()) this.remove(pid);
  };

  private async read(file: string): Promise<Entry | undefined> {
    if (!file.endsWith('.json')) return undefined;
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Entry;
    } catch (error) {
      this.log.warn({ file, error: messageOf(error) }, 'Record of a provider process cannot be read');
      return undefined;
    }
  }
}

async function filesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
