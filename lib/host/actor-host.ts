import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from '../base/log';
import { ActorRuntime, type ActorSpec, type FollowLink } from './actor-runtime';
import { Compiler } from './worker/compiler';
import { SpareWorker } from './worker/spare';

export interface ActorHostOptions {
  /** Bundle of `lib/host/worker/main.ts`. @default host-worker.cjs beside this file's bundle */
  readonly workerScript?: string;
  readonly log?: Logger;
  /** Where calls of a component lead, by its id. @default nowhere */
  readonly followLink?: (id: string) => FollowLink;
  /** As of {@link ActorDependencies}. */
  readonly idleMs?: number;
}

/** What the actors of one host share: compiled components, and the worker thread that is kept ready for whoever needs one next. */
export class ActorHost {
  private readonly engine: Compiler;
  private readonly spare: SpareWorker;

  constructor(private readonly options: ActorHostOptions = {}) {
    // Threads that share the collection of one worker's young garbage take more time than one, and take it from other workers.
    setFlagsFromString('--no-parallel-scavenge');
    this.spare = new SpareWorker(options.workerScript ?? path.join(__dirname, 'host-worker.cjs'));
    this.engine = new Compiler(this.spare);
  }

  /**
   * Starts an actor; resolves once it can take calls.
   * @throws TerminalError as {@link ActorRuntime.start}.
   */
  start(spec: ActorSpec, followLink = this.options.followLink?.(spec.id)): Promise<ActorRuntime> {
    const { log, idleMs } = this.options;
    return ActorRuntime.start(spec, {
      engine: this.engine,
      spare: this.spare,
      ...(log && { log }),
      ...(idleMs !== undefined && { idleMs }),
      ...(followLink && { followLink }),
    });
  }

  /** Frees what belongs to no actor; actors are stopped by who started them. */
  stop(): void {
    this.spare.stop();
  }
}
