import {
  conditionTypes,
  type KubeObject,
  labels,
  labelValue,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudActorStatus,
} from '../../api';
import { bytesOf } from '../../base/quantity';
import { within } from '../../base/sleep';
import { Controller, keyOf, parseKey, type Result } from '../../kube';
import { ActorSlot, type Running, type WantedActor } from './actor-slot';
import { requireComponentId } from './component-id';
import { configHash, configReferences, mergeConfig, mergeSecrets, observeSources } from './config';
import {
  BY_COMPONENT,
  componentIdOf,
  componentKeyOf,
  graceMs,
  type HostContext,
  isOurs,
  latticeOf,
} from './context';
import { farewell } from './farewell';
import { Handover } from './handover';
import { StillPulling } from './image-pull';
import type { StartActor } from './local-actors';
import { pullCredentials, pullReferences } from './pull-credentials';
import { Report } from './report';
import { writeStatus } from './write-status';

/** A start that takes longer shows in the status. */
const NOTICE_MS = 1_000;
/** Longest pass; a start is bounded itself, and pulls go on beside passes. */
const PASS_MS = 5 * 60_000;
/** How often is looked at what tells of no change: whether an actor serves still, and soon when it does not or its image is a file. */
const RESYNC_MS = 30_000;
const POLL_MS = 2_000;
/** How often is looked at how calls end. */
const HEALTH_MS = 2_000;

/** Runs the actors that are bound to this host and reports how they do. */
export class ActorController {
  private readonly slots = new Map<string, ActorSlot>();
  /** Of objects that are gone, until their calls have ended. */
  private readonly ending = new Set<Promise<void>>();
  private readonly controller: Controller;
  private healthTimer: NodeJS.Timeout | undefined;
  private readonly handover: Handover<WasmCloudActor>;

  constructor(
    private readonly context: HostContext,
    private readonly startActor: StartActor,
  ) {
    const { actors, lattices } = context;
    this.handover = new Handover(context.client, WasmCloudActorResource, context.hostName, 0);
    this.controller = new Controller<readonly KubeObject[]>({
      name: 'host-actors',
      watches: [
        // Another actor may wait for the same component id.
        ...actors.watches((actor) => [
          keyOf(actor),
          ...actors.by(BY_COMPONENT, componentKeyOf(actor)).map(keyOf),
        ]),
        ...lattices.watches(({ metadata }) =>
          [...this.slots.keys()].filter((key) => parseKey(key).namespace === metadata.namespace),
        ),
      ],
      reconcile: (key, signal) => this.reconcile(key, signal),
      workers: 16,
      timeoutMs: PASS_MS,
    });
  }

  start(): void {
    this.controller.start();
    this.healthTimer = setInterval(() => this.lookAtCalls(), HEALTH_MS).unref();
  }

  /** How many objects have something here, also such that have left and serve on or end their calls. */
  get held(): number {
    return this.slots.size + this.ending.size;
  }

  /** Ends every actor; calls in flight get the host's time of grace. With `report` their statuses say so. */
  async stop(report: boolean): Promise<void> {
    clearInterval(this.healthTimer);
    await this.controller.stop();
    const slots = [...this.slots.values()];
    for (const slot of slots) slot.retire();
    await Promise.all([
      farewell(this.context, WasmCloudActorResource, report ? this.ours() : [], (actor) => ({
        ...this.identity(actor),
        instances: 0,
        readyInstances: 0,
      })),
      ...slots.map((slot) => slot.drained()),
      ...this.ending,
    ]);
  }

  private async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const actor = this.context.actors.get(key);
    if (actor === undefined || !isOurs(actor, this.context.hostName)) {
      const waitMs = await this.handover.pendingMs(key, signal);
      return waitMs === undefined ? this.remove(key) : { requeueAfterMs: waitMs };
    }
    const slot = this.slotOf(key);
    this.handover.holds(key, actor);
    const report = new Report(actor);
    try {
      const wanted = await this.wanted(actor, report, signal);
      await this.bring(actor, slot, wanted, report, signal);
      if (slot.running?.actor.ready === false)
        report.observe(conditionTypes.ready, 'False', 'NotServing', 'Its workers ended and start again');
      else report.observe(conditionTypes.ready, 'True', readyReason(slot.running));
    } catch (error) {
      signal.throwIfAborted();
      report.fail(error, slot.running && `${slot.running.image.resolved} serves on`);
    }
    observeHealth(report, slot.running);
    await this.write(actor, slot, report, signal);
    const isFile = actor.spec.image.startsWith('file://');
    const restarts = slot.running?.actor.ready === false;
    return {
      requeueAfterMs: Math.min(slot.retryInMs ?? RESYNC_MS, isFile || restarts ? POLL_MS : RESYNC_MS),
    };
  }

  private lookAtCalls(): void {
    for (const [key, { running }] of this.slots) {
      if (running?.health.look(running.actor.counts) === true) this.controller.enqueue(key);
    }
  }

  /** Looks up all that the spec refers to. */
  private async wanted(actor: WasmCloudActor, report: Report, signal: AbortSignal): Promise<WantedActor> {
    const { spec, metadata } = actor;
    const namespace = metadata.namespace ?? '';
    const key = keyOf(actor);
    const { actors, hostName } = this.context;
    requireComponentId(actor, actors, hostName, (other) => this.slots.get(other)?.running !== undefined);
    const { memory, executionTimeMs } = spec.limits ?? {};
    const limits = {
      ...(memory !== undefined && { memoryBytes: bytesOf(memory) }),
      ...(executionTimeMs !== undefined && { executionTimeMs }),
    };

    report.phase = conditionTypes.configResolved;
    const { references } = this.context;
    const pullSecrets = pullReferences(this.context, namespace, spec.imagePullSecrets);
    const sources = await references.follow(
      { id: dependentId(key), changed: () => this.controller.enqueue(key) },
      [...configReferences(namespace, spec.config), ...pullSecrets],
      signal,
    );
    const config = mergeConfig('spec.config', namespace, spec.config, sources);
    const secrets = mergeSecrets('spec.config', namespace, spec.config, sources);
    observeSources(report, sources);

    report.phase = conditionTypes.imagePulled;
    const { credentials, problems } = pullCredentials(this.context, spec.image, pullSecrets);
    return {
      namespace,
      componentId: componentIdOf(actor),
      distribution: metadata.ownerReferences?.find(({ kind }) => kind === 'WasmCloudDistribution')?.name,
      lattice: latticeOf(this.context, namespace)?.spec.latticeId ?? namespace,
      image: spec.image,
      pullPolicy: spec.imagePullPolicy,
      credentials,
      pullProblems: problems,
      limits,
      reuse: spec.reuse ?? 'Always',
      config,
      secrets,
      instances: spec.instances ?? 1,
      serving: spec.serving ?? true,
      analysis: spec.analysis ?? {},
    };
  }

  /** Makes it so, and says what is going on when that takes a while. */
  private async bring(
    actor: WasmCloudActor,
    slot: ActorSlot,
    wanted: WantedActor,
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const work = slot.bring(wanted, signal);
    const settled = work.catch(() => undefined);
    if (!(await within(NOTICE_MS, settled, false))) {
      const notice = new Report(actor);
      notice.start(`${wanted.image} is pulled and started`);
      // The work itself goes on, so its failure must be seen first.
      await Promise.all([settled, this.write(actor, slot, notice, signal)]);
    }
    try {
      await work;
    } catch (error) {
      if (slot.failedAt === 'start' && !(error instanceof StillPulling)) this.pulled(report);
      throw error;
    }
    if (wanted.instances > 0) this.pulled(report);
  }

  private pulled(report: Report): void {
    report.observe(conditionTypes.imagePulled, 'True', 'Pulled');
    report.phase = conditionTypes.ready;
  }

  private slotOf(key: string): ActorSlot {
    let slot = this.slots.get(key);
    if (slot === undefined) {
      const { images, localActors, calls, hostName } = this.context;
      const { startActor } = this;
      slot = new ActorSlot({
        images,
        localActors,
        calls,
        startActor,
        hostName,
        graceMs: () => graceMs(this.context),
        changed: () => this.controller.enqueue(key),
      });
      this.slots.set(key, slot);
    }
    return slot;
  }

  private remove(key: string): void {
    this.context.references.release(dependentId(key));
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.slots.delete(key);
    slot.retire();
    const ending = slot.drained().finally(() => this.ending.delete(ending));
    this.ending.add(ending);
  }

  private async write(
    actor: WasmCloudActor,
    slot: ActorSlot,
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const { running } = slot;
    const status: WasmCloudActorStatus = {
      ...this.identity(actor),
      instances: running?.instances ?? 0,
      readyInstances: running?.actor.ready === true ? running.instances : 0,
      conditions: report.conditions,
      ...(running && {
        resolvedImage: running.image.resolved,
        imports: [...running.actor.imports],
        exports: [...running.actor.exports],
        configHash: configHash(running.config, this.context.hashKey),
      }),
    };
    await writeStatus(this.context, WasmCloudActorResource, actor, status, signal);
  }

  private identity(actor: WasmCloudActor): WasmCloudActorStatus {
    return {
      ...(actor.metadata.generation !== undefined && { observedGeneration: actor.metadata.generation }),
      hostName: this.context.hostName,
      selector: `${labels.component}=${labelValue(componentIdOf(actor))}`,
    };
  }

  private ours(): WasmCloudActor[] {
    return this.context.actors.list().filter((actor) => isOurs(actor, this.context.hostName));
  }
}

function observeHealth(report: Report, running: Running | undefined): void {
  if (running === undefined) return;
  const { failing } = running.health;
  if (failing === undefined) report.observe(conditionTypes.healthy, 'True', 'CallsAnswered');
  else report.observe(conditionTypes.healthy, 'False', 'CallsFail', failing);
}

function readyReason(running: Running | undefined): string {
  if (running === undefined) return 'Stopped';
  return running.serving ? 'Running' : 'Standby';
}

function dependentId(key: string): string {
  return `actor ${key}`;
}
