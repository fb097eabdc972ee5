import { randomUUID } from 'node:crypto';
import { ErrorCode, NatsError, RequestStrategy } from 'nats';
import { messageOf } from '../../base/errors';
import { sleep } from '../../base/sleep';
import { providerSubjects } from '../../lattice/subjects';
import type { ProcessDeps, ProviderProcess } from './provider-process';
import { mayOverlap, type ProcessSpec } from './spec';

/** How long answers to one question are collected. */
const COLLECT_MS = 1_000;
const AGAIN_MS = 200;
/** Between a provider's first answer to its host and its subscription to calls, which its host cannot see. */
const SETTLE_MS = 1_000;

/**
 * Processes of one provider that serve on until the one that replaces them does. All of them answer health checks on one subject and
 * nothing in an answer tells whose it is, so they are counted: with one more healthy answer than before the start, somebody serves
 * whoever of those before ends. That holds with replicas on other hosts, too.
 */
export class Predecessors {
  private readonly processes = new Set<ProviderProcess>();
  private spec: ProcessSpec | undefined;
  private answers = 0;

  get any(): boolean {
    return this.processes.size > 0;
  }

  /** Whether others answer health checks, those before or replicas on other hosts: then one answer does not tell whose it is. */
  get answer(): boolean {
    return this.answers > 0;
  }

  add(process: ProviderProcess, spec: ProcessSpec): void {
    this.processes.add(process);
    this.spec = spec;
    void process.exited.then(() => this.processes.delete(process));
  }

  /** Before the start of a process: counts who serves, having ended those before where two must not run. */
  async prepare(next: ProcessSpec, deps: ProcessDeps, graceMs: () => number): Promise<void> {
    if (this.any && this.spec !== undefined && !mayOverlap(this.spec, next)) await this.end(graceMs());
    const least = this.any ? 1 : 0;
    this.answers = Math.max(least, await healthy(next, deps, Infinity));
  }

  /** The host id for a process that starts now: a request to shut down carries it, and must not be heard by those that serve. */
  hostId({ hostId }: ProcessDeps): string {
    return this.any ? `${hostId}-${randomUUID()}` : hostId;
  }

  /** Whether one more serves than before, within so much time. */
  async areJoined(
    spec: ProcessSpec,
    deps: ProcessDeps,
    withinMs: number,
    goesOn: () => boolean,
  ): Promise<boolean> {
    const due = performance.now() + withinMs;
    while (goesOn() && this.answer && performance.now() < due) {
      if ((await healthy(spec, deps, this.answers)) > this.answers) {
        await sleep(SETTLE_MS, undefined, false);
        return true;
      }
      await sleep(AGAIN_MS, undefined, false);
    }
    return false;
  }

  /** Asks them to end; resolves when they have. */
  async end(graceMs: number): Promise<void> {
    await Promise.all([...this.processes].map((process) => process.stop(graceMs)));
  }
}

/** How many say that they are well; no more are waited for than one above `limit`. */
async function healthy({ lattice, id }: ProcessSpec, deps: ProcessDeps, limit: number): Promise<number> {
  const connection = deps.connection();
  if (connection?.connected !== true) return 0;
  let count = 0;
  try {
    const answers = await connection.nats.requestMany(providerSubjects.health(lattice, id), undefined, {
      strategy: RequestStrategy.Timer,
      maxWait: COLLECT_MS,
    });
    for await (const answer of answers) {
      if (answer.json<{ healthy?: boolean }>().healthy === true) count++;
      if (count > limit) break;
    }
  } catch (error) {
    if (!(error instanceof NatsError && error.code === (ErrorCode.NoResponders as string)))
      deps.log.debug(
        { provider: id, error: messageOf(error) },
        'Could not count the answers to a health check',
      );
  }
  return count;
}
