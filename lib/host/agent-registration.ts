import {
  API_VERSION,
  conditionOf,
  conditionTypes,
  fieldManagers,
  type KubeObject,
  type WasmCloudActor,
  type WasmCloudHost,
  WasmCloudHostResource,
  type WasmCloudHostStatus,
  type WasmCloudProvider,
} from '../api';
import { applyStatus, Controller, covers, type KubeClient, type Result } from '../kube';
import type { Rest } from './agent-drain';
import { effectiveLabels, type Labels } from './agent-labels';
import { UsageMeter } from './agent-usage';
import type { Mirror } from './controllers/mirror';
import { Report } from './controllers/report';

/** Condition of a host: whether calls to and from other hosts get through. */
export const NATS_CONNECTED = 'NatsConnected';

/** What a host says of itself, fixed for its life. */
export interface HostIdentity {
  /** Name of its WasmCloudHost. */
  readonly name: string;
  /** Public key in the lattices, `N…`. */
  readonly hostId: string;
  /** Namespaces that it serves, or `*`. */
  readonly lattices: readonly string[];
  /** Labels that it was started with. */
  readonly labels: Labels;
  readonly version: string;
  readonly nodeName: string;
  readonly addresses: readonly string[];
}

/** The host's connection to NATS as its status tells of it. */
export interface NatsState {
  readonly connected: boolean;
  /** Why not, when that is known. */
  readonly problem?: string | undefined;
}

export interface RegistrationDeps {
  readonly client: KubeClient;
  readonly host: Mirror<WasmCloudHost>;
  /** What is bound to this host. */
  readonly actors: Mirror<WasmCloudActor>;
  readonly providers: Mirror<WasmCloudProvider>;
  readonly nats: () => NatsState;
  /** What is left on this host; undefined when nothing is. */
  readonly rest: () => Rest | undefined;
}

/** A burst of bindings is one write. */
const MIN_WRITE_MS = 500;
/** How often the figures of usage are looked at, and what is left while everything is to go. */
const USAGE_MS = 60_000;
const DRAIN_MS = 500;

/**
 * Keeps the WasmCloudHost of this process: creates it, creates it again when somebody deletes it, and keeps its status. Of the spec it
 * owns only what the host was started with; everything else belongs to people.
 */
export class Registration {
  private readonly controller: Controller;
  private readonly usage = new UsageMeter();
  private readonly startedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  private state: { ready: boolean; reason: string; message: string } = {
    ready: false,
    reason: 'Starting',
    message: '',
  };
  private measured: { at: number; usage: WasmCloudHostStatus['usage'] } | undefined;
  private writtenAt = -Infinity;
  private leaving = false;

  constructor(
    private readonly identity: HostIdentity,
    private readonly deps: RegistrationDeps,
  ) {
    const self = (): string[] => [identity.name];
    this.controller = new Controller<readonly KubeObject[]>({
      name: 'host-registration',
      watches: [...deps.host.watches(self), ...deps.actors.watches(self), ...deps.providers.watches(self)],
      reconcile: (_, signal) => this.reconcile(signal),
      workers: 1,
    });
  }

  start(): void {
    this.controller.start();
    this.controller.enqueue(this.identity.name);
  }

  /** Something that the status tells of has changed. */
  changed(): void {
    this.controller.enqueue(this.identity.name);
  }

  /** From now on the host takes what is bound to it. */
  ready(): void {
    this.state = { ready: true, reason: 'Serving', message: '' };
    this.writtenAt = -Infinity;
    this.changed();
  }

  /** From now on everything is to go elsewhere, because the host was asked to stop. */
  leave(): void {
    this.leaving = true;
    this.writtenAt = -Infinity;
    this.changed();
  }

  async stop(): Promise<void> {
    await this.controller.stop();
  }

  /** Says that the host has ended; called after {@link stop}. */
  async signOff(signal: AbortSignal): Promise<void> {
    this.state = { ready: false, reason: 'Shutdown', message: 'The host was asked to stop' };
    this.writtenAt = -Infinity;
    await this.reconcile(signal);
  }

  private async reconcile(signal: AbortSignal): Promise<Result> {
    const waitMs = this.writtenAt + MIN_WRITE_MS - performance.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const host = await this.object(signal);
    const written = await applyStatus(this.deps.client, WasmCloudHostResource, host, this.status(host), {
      fieldManager: fieldManagers.host,
      force: true,
      signal,
    });
    if (written) this.writtenAt = performance.now();
    // What ends its calls here, or is taken over, is no change of any object.
    const draining = this.drainCause(host) !== undefined;
    return { requeueAfterMs: draining ? DRAIN_MS : USAGE_MS };
  }

  /** Why everything is to go elsewhere; undefined while it may stay. */
  private drainCause({ spec }: WasmCloudHost): { reason: string; message: string } | undefined {
    if (this.leaving) return { reason: 'Shutdown', message: 'The host was asked to stop' };
    if (spec.drain?.requested !== true) return undefined;
    return { reason: 'Requested', message: 'spec.drain.requested is true' };
  }

  private observeDrain(host: WasmCloudHost, report: Report): void {
    const cause = this.drainCause(host);
    const { draining, drained } = conditionTypes;
    if (cause === undefined) {
      // Of a host that was never drained there is nothing to say.
      if (conditionOf(host, draining) === undefined) return;
      report.observe(draining, 'False', 'NotRequested');
      return report.observe(drained, 'False', 'NotRequested');
    }
    report.observe(draining, 'True', cause.reason, cause.message);
    const rest = this.deps.rest();
    if (rest === undefined) report.observe(drained, 'True', 'NothingLeft');
    else report.observe(drained, 'False', rest.reason, rest.message);
  }

  /** The object as it should be, created or corrected where it is not. */
  private async object(signal: AbortSignal): Promise<WasmCloudHost> {
    const { name, lattices } = this.identity;
    const spec = { type: 'Kasm' as const, lattices: [...lattices] };
    const host = this.deps.host.get(name);
    if (host !== undefined && covers(host.spec, spec)) return host;
    return this.deps.client.apply(
      WasmCloudHostResource,
      { apiVersion: API_VERSION, kind: 'WasmCloudHost', metadata: { name }, spec },
      { fieldManager: fieldManagers.host, force: true, signal },
    );
  }

  private status(host: WasmCloudHost): WasmCloudHostStatus {
    const { identity, deps } = this;
    const report = new Report(host);
    const { ready, reason, message } = this.state;
    report.observe(conditionTypes.ready, ready ? 'True' : 'False', reason, message);
    const nats = deps.nats();
    if (nats.connected) report.observe(NATS_CONNECTED, 'True', 'Connected');
    else report.observe(NATS_CONNECTED, 'False', 'Disconnected', nats.problem);
    this.observeDrain(host, report);
    const actors = deps.actors.list();
    return {
      ...(host.metadata.generation !== undefined && { observedGeneration: host.metadata.generation }),
      hostId: identity.hostId,
      friendlyName: identity.name,
      version: identity.version,
      labels: effectiveLabels(identity.labels, host.spec.labels),
      nodeName: identity.nodeName,
      addresses: [...identity.addresses],
      startedAt: this.startedAt,
      allocated: {
        actors: actors.length,
        instances: actors.reduce((sum, { spec }) => sum + (spec.instances ?? 1), 0),
        providers: deps.providers.list().length,
      },
      usage: this.measure(),
      conditions: report.conditions,
    };
  }

  private measure(): WasmCloudHostStatus['usage'] {
    const now = performance.now();
    if (this.measured === undefined || now - this.measured.at >= USAGE_MS)
      this.measured = { at: now, usage: this.usage.read() };
    return this.measured.usage;
  }
}
