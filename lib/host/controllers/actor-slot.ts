import { createHash } from 'node:crypto';
import type { CallAnalysis } from '../../api';
import { Backoff } from '../../base/backoff';
import { messageOf, TerminalError } from '../../base/errors';
import { log } from '../../base/log';
import type { ActorSpec } from '../actor-runtime';
import type { RegistryCredential } from '../images/credentials';
import { ImagePullError } from '../images/errors';
import { parseReference, type PullPolicy } from '../images/reference';
import type { CallRoute } from '../calls/call';
import type { ImageStore, StoredImage } from '../images/store';
import type { SecretValues } from '../../lattice/provider-contract';
import { CallHealth } from './call-health';
import type { Values } from './config';
import { ImagePull, StillPulling } from './image-pull';
import type { LocalActors, RunningActor, StartActor } from './local-actors';

/** What the spec of an actor comes down to. */
export interface WantedActor {
  readonly namespace: string;
  readonly componentId: string;
  /** Name of the distribution that made it. */
  readonly distribution: string | undefined;
  readonly lattice: string;
  readonly image: string;
  readonly pullPolicy: PullPolicy | undefined;
  readonly credentials: readonly RegistryCredential[];
  /** Pull Secrets that could not be read, for the message when the registry refuses. */
  readonly pullProblems: readonly string[];
  readonly limits: NonNullable<ActorSpec['limits']>;
  readonly reuse: NonNullable<ActorSpec['reuse']>;
  readonly config: Values;
  readonly secrets: SecretValues;
  /** 0 stops the actor. */
  readonly instances: number;
  /** Whether calls are to reach it. */
  readonly serving: boolean;
  /** What its calls are judged by. */
  readonly analysis: CallAnalysis;
}

/** What runs. */
export interface Running {
  /** Hash of everything of the spec that only a new start can change. */
  readonly identity: string;
  readonly namespace: string;
  readonly componentId: string;
  readonly image: StoredImage;
  readonly actor: RunningActor;
  /** How its calls end. */
  readonly health: CallHealth;
  config: Values;
  secrets: SecretValues;
  instances: number;
  serving: boolean;
}

interface Failure {
  readonly attempt: string;
  readonly phase: 'pull' | 'start';
  readonly error: unknown;
  readonly retryAt: number;
}

export interface ActorSlotDeps {
  readonly images: ImageStore;
  readonly localActors: LocalActors;
  readonly startActor: StartActor;
  readonly hostName: string;
  /** Where the calls of actors go. */
  readonly calls: CallRoute;
  /** How long calls in flight may go on when an actor ends. */
  readonly graceMs: () => number;
  /** Called when another {@link ActorSlot.bring} is worth while. */
  readonly changed: () => void;
}

/** Waits between attempts to pull or start what failed for a reason that may pass. */
const RETRY = { minMs: 1_000, maxMs: 60_000 };

/**
 * The one actor that runs for one object. A new image is started beside the old one, takes its calls over in one step, and only then is
 * the old one drained; while the new one fails, the old one serves on. Instances and configuration change in place.
 */
export class ActorSlot {
  private current: Running | undefined;
  private failure: Failure | undefined;
  private readonly backoff = new Backoff(RETRY);
  private readonly drains = new Set<Promise<void>>();
  private readonly pulling: ImagePull;

  constructor(private readonly deps: ActorSlotDeps) {
    this.pulling = new ImagePull(deps.images, deps.changed);
  }

  get running(): Running | undefined {
    return this.current;
  }

  /** What the last attempt failed at; undefined when it did not. */
  get failedAt(): Failure['phase'] | undefined {
    return this.failure?.phase;
  }

  /** Milliseconds until a failed attempt is worth repeating; undefined when only a change of the object can help. */
  get retryInMs(): number | undefined {
    const at = this.pulling.underWay ? Infinity : (this.failure?.retryAt ?? Infinity);
    return at === Infinity ? undefined : Math.max(0, at - performance.now());
  }

  /**
   * Makes it run as wanted. What failed is not attempted again before its time, however often this is called, unless something that
   * matters has changed.
   * @throws the reason why it does not run as wanted; StillPulling while its image is on its way
   */
  async bring(wanted: WantedActor, signal: AbortSignal): Promise<void> {
    if (wanted.instances === 0) {
      this.failure = undefined;
      return this.retire();
    }
    const identity = hash(wanted.componentId, wanted.lattice, wanted.image, wanted.limits, wanted.reuse);
    const isFile = parseReference(wanted.image).kind === 'file';
    if (this.current?.identity === identity && !isFile) {
      this.pulling.cancel();
      return this.adjust(this.current, wanted);
    }
    let attempt = hash(identity, wanted.pullPolicy, wanted.credentials);
    let phase: Failure['phase'] = 'pull';
    try {
      // A file is looked at each time: a new build may take the place of one that failed.
      const file = isFile ? asComponent(wanted.image, await this.deps.images.fetch(wanted.image)) : undefined;
      attempt = hash(attempt, file?.digest);
      if (
        file !== undefined &&
        this.current?.identity === identity &&
        this.current.image.digest === file.digest
      ) {
        return this.adjust(this.current, wanted);
      }
      if (this.failure?.attempt === attempt && performance.now() < this.failure.retryAt)
        throw this.failure.error;
      const image = file ?? (await this.pull(wanted));
      signal.throwIfAborted();
      phase = 'start';
      await this.replace(identity, wanted, image);
      this.failure = undefined;
      this.backoff.reset();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StillPulling) && error !== this.failure?.error) {
        if (attempt !== this.failure?.attempt) this.backoff.reset();
        const retryAt = error instanceof TerminalError ? Infinity : performance.now() + this.backoff.next();
        this.failure = { attempt, phase, error, retryAt };
      }
      throw error;
    }
  }

  /** Takes the actor out of service and lets it finish its calls in the background. */
  retire(): void {
    this.pulling.cancel();
    const old = this.current;
    this.current = undefined;
    if (old !== undefined) this.drain(old);
  }

  /** Resolves when everything that was retired has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.drains);
  }

  private async pull(wanted: WantedActor): Promise<StoredImage> {
    const { pullPolicy, credentials, pullProblems } = wanted;
    try {
      const image = await this.pulling.fetch(wanted.image, { pullPolicy, credentials });
      return asComponent(wanted.image, image);
    } catch (error) {
      const refused = error instanceof ImagePullError && error.reason === 'ImagePullUnauthorized';
      if (!refused || pullProblems.length === 0) throw error;
      const message = `${error.message}. spec.imagePullSecrets: ${pullProblems.join('; ')}`;
      throw new ImagePullError(error.reason, message, undefined, { cause: error });
    }
  }

  private async replace(identity: string, wanted: WantedActor, image: StoredImage): Promise<void> {
    const { namespace, componentId, lattice, limits, reuse, config, secrets, instances, serving } = wanted;
    const spec = {
      id: componentId,
      lattice,
      wasm: image.path,
      digest: image.digest,
      instances,
      limits,
      reuse,
      config,
      secrets,
      labels: { namespace, distribution: wanted.distribution ?? '', host: this.deps.hostName },
    };
    const actor = await this.deps.startActor(spec, (call) =>
      this.deps.calls.call({ ...call, namespace, source: componentId }),
    );
    const old = this.current;
    const health = new CallHealth();
    health.analysis = wanted.analysis;
    const who = { identity, namespace, componentId };
    this.current = { ...who, image, config, secrets, actor, health, instances, serving };
    if (serving) await this.deps.localActors.add(namespace, componentId, actor, old?.actor);
    log.info({ actor: `${namespace}/${componentId}`, image: image.resolved, instances }, 'Started actor');
    if (old !== undefined) this.drain(old);
  }

  /** Changes in place what can be. */
  private async adjust(running: Running, wanted: WantedActor): Promise<void> {
    const { instances, config, secrets, serving } = wanted;
    this.failure = undefined;
    if (running.instances !== instances) running.actor.resize(instances);
    running.instances = instances;
    if (hash(running.config, running.secrets) !== hash(config, secrets)) {
      running.actor.configure(config, secrets);
    }
    Object.assign(running, { config, secrets });
    running.health.analysis = wanted.analysis;
    if (running.serving === serving) return;
    running.serving = serving;
    const { namespace, componentId, actor } = running;
    const { localActors } = this.deps;
    await (serving
      ? localActors.add(namespace, componentId, actor)
      : localActors.remove(namespace, componentId, actor));
  }

  private drain({ actor, namespace, componentId, image }: Running): void {
    const drain = this.deps.localActors
      .remove(namespace, componentId, actor)
      .then(() => actor.stop(this.deps.graceMs()))
      .catch((error: unknown) =>
        log.error(
          { actor: `${namespace}/${componentId}`, image: image.resolved, error: messageOf(error) },
          'Could not stop an actor cleanly',
        ),
      )
      .finally(() => this.drains.delete(drain));
    this.drains.add(drain);
  }
}

function asComponent(name: string, image: StoredImage): StoredImage {
  if (image.kind === 'component') return image;
  throw new TerminalError(
    'InvalidImage',
    `Image ${name} is not a component (${image.mediaType})`,
    'An actor needs a WebAssembly component; a provider archive belongs into a WasmCloudProvider',
  );
}

function hash(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
