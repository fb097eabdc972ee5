import type { IncomingMessage, ServerResponse } from 'node:http';
import type { interfaces, WitInterface } from '../../lattice';
import type { SecretValues } from '../../lattice/provider-contract';
import type { ActorSpec, CallActorOptions, FollowLink } from '../actor-runtime';
import type { CallCounts } from './call-health';
import { Replicas } from './replicas';

/** A component that runs on this host: what the rest of the host needs of an `ActorRuntime`. */
export interface RunningActor {
  /** WIT interfaces, e.g. `wasi:http/incoming-handler@0.2.0`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Whether a call would be served now. */
  readonly ready: boolean;
  /** How many calls are served at a time, and how many are now. */
  readonly instances: number;
  readonly inFlight: number;
  /** Calls that have ended since its start, and those of them that failed. */
  readonly counts: CallCounts;
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
  /** Gives running instances a new configuration and new secrets. */
  configure(config: Readonly<Record<string, string>>, secrets: SecretValues): void;
  /** Takes no more calls, lets those in flight end for at most so many milliseconds, and frees everything. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a component that calls others by `followLink`; resolves when it can take calls. */
export type StartActor = (spec: ActorSpec, followLink: FollowLink) => Promise<RunningActor>;

/** Told that somebody else, or nobody any more, serves a component id; resolves when calls go where they now should. */
type Listener = (namespace: string, componentId: string) => Promise<void>;

/**
 * Who serves which component id on this host now: one actor, or several where a rollout runs two revisions beside each other. Replacing
 * one by another is one step: no call finds nobody.
 */
export class LocalActors {
  private readonly replicas = new Map<string, Replicas>();
  private readonly listeners = new Set<Listener>();

  /** Who takes the next call for a component id, of those that `can`. */
  find(
    namespace: string,
    componentId: string,
    can: (actor: RunningActor) => boolean = anyone,
  ): RunningActor | undefined {
    return this.replicas.get(`${namespace}/${componentId}`)?.choose(can);
  }

  /** All that serve a component id. */
  all(namespace: string, componentId: string): readonly RunningActor[] {
    return this.replicas.get(`${namespace}/${componentId}`)?.actors ?? [];
  }

  /** Whose actors run here. */
  list(): { namespace: string; componentId: string }[] {
    return [...this.replicas.keys()].map((key) => {
      const [namespace = '', componentId = ''] = key.split('/');
      return { namespace, componentId };
    });
  }

  /** Gives calls to `actor`, instead of `before` where there is one. Resolves when they go there: only then may that one be drained. */
  async add(
    namespace: string,
    componentId: string,
    actor: RunningActor,
    before?: RunningActor,
  ): Promise<void> {
    const key = `${namespace}/${componentId}`;
    let replicas = this.replicas.get(key);
    if (replicas === undefined) this.replicas.set(key, (replicas = new Replicas()));
    replicas.add(actor);
    if (before !== undefined) replicas.remove(before);
    await this.emit(namespace, componentId);
  }

  /** Gives no more calls to `actor`. */
  async remove(namespace: string, componentId: string, actor: RunningActor): Promise<void> {
    const key = `${namespace}/${componentId}`;
    const replicas = this.replicas.get(key);
    if (replicas?.actors.includes(actor) !== true) return;
    replicas.remove(actor);
    if (replicas.actors.length === 0) this.replicas.delete(key);
    await this.emit(namespace, componentId);
  }

  subscribe(listener: Listener): void {
    this.listeners.add(listener);
  }

  private async emit(namespace: string, componentId: string): Promise<void> {
    await Promise.all([...this.listeners].map((listener) => listener(namespace, componentId)));
  }
}

const anyone = (): boolean => true;
