import path from 'node:path';
import type { Logger } from '../base/log';
import { ActorRuntime, type ActorSpec, type FollowLink } from './actor-runtime';
import { ComponentEngine } from './component/component-engine';
import { SpareWorker } from './worker/spare';

export interface ActorHostOptions {
  /** Bundle of `lib/host/worker/main.ts`. @default host-worker.cjs beside this file's bundle */
  readonly workerScript?: string;
  readonly log?: Logger;
  /** Where calls of a component lead, by its id. @default nowhere */
  readonly followLink?: (id: string) => FollowLink;
}

/** What the actors of one host share: the engine, and the worker thread that is kept ready for whoever needs one next. */
export class ActorHost {
  private readonly engine = new ComponentEngine();
  private readonly spare: SpareWorker;

  constructor(private readonly options: ActorHostOptions = {}) {
    this.spare = new SpareWorker(options.workerScript ?? path.join(__dirname, 'host-worker.cjs'));
  }

  /**
   * Starts an actor; resolves once it can take calls.
   * @throws TerminalError as {@link ActorRuntime.start}.
   */
  start(spec: ActorSpec): Promise<ActorRuntime> {
    const { log, followLink } = this.options;
    return ActorRuntime.start(spec, {
      engine: this.engine,
      spare: this.spare,
      ...(log && { log }),
      ...(followLink && { followLink: followLink(spec.id) }),
    });
  }

  /** Frees what belongs to no actor; actors are stopped by who started them. */
  stop(): void {
    this.spare.stop();
  }
}
