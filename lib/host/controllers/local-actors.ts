import type { IncomingMessage, ServerResponse } from 'node:http';
import type { interfaces, WitInterface } from '../../lattice';
import type { ActorSpec, CallActorOptions, FollowLink } from '../actor-runtime';

/** A component that runs on this host: what the rest of the host needs of an `ActorRuntime`. */
export interface RunningActor {
  /** WIT interfaces, e.g. `wasi:http/incoming-handler@0.2.0`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Whether a call would be served now. */
  readonly ready: boolean;
  /** Lets the component answer an HTTP request; rejects when there is no answer. */
  handleHttp(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** What others can call, with its types. */
  readonly serves: readonly WitInterface[];
  /** Calls an exported function, by its WIT name; rejects with a `WitError` for its `err`. */
  call(
    interfaceId: string,
    func: string,
    args: readonly unknown[],
    options: CallActorOptions,
  ): Promise<unknown>;
  /** Lets the component answer an HTTP request that came over the lattice. */
  answerHttp(request: interfaces.http.Request, signal: AbortSignal): Promise<interfaces.http.Response>;
  /** Changes how many calls are served at a time. */
  resize(instances: number): void;
  /** Gives running instances a new configuration. */
  configure(config: Readonly<Record<string, string>>): void;
  /** Takes no more calls, lets those in flight end for at most so many milliseconds, and frees everything. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a component that calls others by `followLink`; resolves when it can take calls. */
export type StartActor = (spec: ActorSpec, followLink: FollowLink) => Promise<RunningActor>;

/** Told that somebody else, or nobody any more, serves a component id; resolves when calls go where they now should. */
type Listener = (namespace: string, componentId: string) => Promise<void>;

/** Who serves which component id on this host now. Replacing one actor by another is one step: no call finds nobody. */
export class LocalActors {
  private readonly actors = new Map<string, RunningActor>();
  private readonly listeners = new Set<Listener>();

  find(namespace: string, componentId: string): RunningActor | undefined {
    return this.actors.get(`${namespace}/${componentId}`);
  }

  /** Whose actors run here. */
  list(): { namespace: string; componentId: string }[] {
    return [...this.actors.keys()].map((key) => {
      const [namespace = '', componentId = ''] = key.split('/');
      return { namespace, componentId };
    });
  }

  /** Resolves when all new calls go to `actor`: only then may the one before it be drained. */
  async set(namespace: string, componentId: string, actor: RunningActor): Promise<void> {
    this.actors.set(`${namespace}/${componentId}`, actor);
    await this.emit(namespace, componentId);
  }

  /** Removes `actor`, unless another one has taken its place already. */
  async remove(namespace: string, componentId: string, actor: RunningActor): Promise<void> {
    const key = `${namespace}/${componentId}`;
    if (this.actors.get(key) !== actor) return;
    this.actors.delete(key);
    await this.emit(namespace, componentId);
  }

  subscribe(listener: Listener): void {
    this.listeners.add(listener);
  }

  private async emit(namespace: string, componentId: string): Promise<void> {
    await Promise.all([...this.listeners].map((listener) => listener(namespace, componentId)));
  }
}
