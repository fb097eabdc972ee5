import {
  conditionTypes,
  type Config,
  type WasmCloudLink,
  type WasmCloudProvider,
  type WasmCloudProviderStatus,
} from '../../api';
import { TerminalError } from '../../base/errors';
import { keyOf } from '../../kube';
import type { ProcessExit, ProcessLink, ProcessSpec } from '../processes/spec';
import type { SupervisedProvider } from '../processes/supervised-provider';
import { configReferences, mergeConfig, mergeSecrets, observeSources, type Values } from './config';
import { componentIdOf, graceMs, type HostContext, latticeOf } from './context';
import { type ProviderProgram, ProgramSource } from './provider-program';
import { pullCredentials, pullReferences } from './pull-credentials';
import type { Sources } from './references';
import type { Report } from './report';
import type { ProviderPass, RunningProvider } from './running-provider';

/** How often is looked at what tells of no change: whether the program is still in the cache, and soon where the image is a file. */
const RESYNC_MS = 30_000;
const POLL_MS = 2_000;

/** A provider that is a process of its own, with the contract of wasmCloud 1.9. */
export class ProcessRunning implements RunningProvider {
  readonly kind = 'process';
  private readonly source: ProgramSource;
  private running:
    { supervised: SupervisedProvider; spec: ProcessSpec; program: ProviderProgram } | undefined;
  private isFile = false;

  constructor(
    private readonly context: HostContext,
    /** What its status says already; the count of restarts goes on after that of a host before. */
    private readonly before: WasmCloudProviderStatus | undefined,
    private readonly changed: () => void,
  ) {
    this.source = new ProgramSource(context, changed);
  }

  async bring(pass: ProviderPass): Promise<void> {
    const { provider, namespace, report, signal } = pass;
    const { spec } = provider;
    this.isFile = spec.image?.startsWith('file://') ?? false;
    const links = [
      ...pass.sourceLinks,
      ...pass.targetLinks.filter((link) => !pass.sourceLinks.includes(link)),
    ];

    report.phase = conditionTypes.configResolved;
    const pullSecrets = pullReferences(this.context, namespace, spec.imagePullSecrets);
    const sources = await pass.follow([
      ...configReferences(namespace, spec.config),
      ...links.flatMap(({ spec: link }) => [
        ...configReferences(namespace, link.sourceConfig),
        ...configReferences(namespace, link.targetConfig),
      ]),
      ...pullSecrets,
    ]);
    const config = plain('spec.config', namespace, spec.config, sources);
    const secrets = mergeSecrets('spec.config', namespace, spec.config, sources);
    const { resolved, unresolved } = resolve(provider, links, sources);

    report.phase = conditionTypes.imagePulled;
    const { program, failure } = await this.program(
      pass,
      pullCredentials(this.context, spec.image ?? '', pullSecrets),
    );
    this.run(
      {
        provider: pass.key,
        lattice: latticeOf(this.context, namespace)?.spec.latticeId ?? namespace,
        id: componentIdOf(provider),
        program: program.path,
        digest: program.digest,
        config,
        secrets,
        links: resolved,
        restartPolicy: spec.restartPolicy ?? 'Always',
      },
      program,
    );
    if (failure !== undefined) throw failure;
    report.observe(conditionTypes.imagePulled, 'True', 'Pulled');

    this.observeHealth(report);
    report.phase = conditionTypes.configResolved;
    signal.throwIfAborted();
    if (unresolved !== undefined) throw unresolved;
    observeSources(report, sources);
  }

  /** Its calls go over NATS, wherever their targets are. */
  async retarget(): Promise<void> {}

  status(): WasmCloudProviderStatus {
    const { running, before } = this;
    if (running === undefined)
      return { restarts: before?.restarts ?? 0, ...(before?.lastExit && { lastExit: before.lastExit }) };
    const { restarts, lastExit } = running.supervised;
    return {
      restarts,
      resolvedImage: running.program.resolved,
      ...(lastExit && { lastExit: exitStatus(lastExit) }),
    };
  }

  againInMs(): number {
    const usual = this.isFile ? POLL_MS : RESYNC_MS;
    return Math.min(usual, Math.max(POLL_MS / 2, this.source.retryInMs ?? usual));
  }

  async stop(graceMs: number): Promise<void> {
    this.source.cancel();
    if (this.running === undefined) return;
    const { supervised, spec } = this.running;
    await this.context.processes.end(spec, supervised, graceMs);
  }

  /** The program that is wanted; while it cannot be had the one that runs goes on, with new links and configuration. */
  private async program(
    { provider, signal }: ProviderPass,
    credentials: Parameters<ProgramSource['fetch']>[1],
  ): Promise<{ program: ProviderProgram; failure?: Error }> {
    try {
      return { program: await this.source.fetch(provider.spec, credentials, signal) };
    } catch (failure) {
      signal.throwIfAborted();
      if (this.running === undefined || !(failure instanceof Error)) throw failure;
      return { program: this.running.program, failure };
    }
  }

  private run(spec: ProcessSpec, program: ProviderProgram): void {
    if (this.running !== undefined) {
      this.running.supervised.bring(spec);
      Object.assign(this.running, { spec, program });
      return;
    }
    const { processes } = this.context;
    const { restarts = 0, lastExit } = this.before ?? {};
    const past = { restarts, ...(lastExit?.at !== undefined && { lastExit: exitOf(lastExit) }) };
    const supervised = processes.supervise(spec, this.changed, past, () => graceMs(this.context));
    this.running = { supervised, spec, program };
  }

  private observeHealth(report: Report): void {
    const health = this.running?.supervised.health;
    if (health === undefined) return;
    report.observe(conditionTypes.healthy, health.status, health.reason, health.message);
    if (health.status === 'True') report.observe(conditionTypes.ready, 'True', 'Running');
    else report.observe(conditionTypes.ready, 'False', health.reason, health.message);
  }
}

/** The links whose configuration is there; the others are left out until theirs is. */
function resolve(
  provider: WasmCloudProvider,
  links: readonly WasmCloudLink[],
  sources: Sources,
): { resolved: ProcessLink[]; unresolved: TerminalError | undefined } {
  const resolved = new Map<string, ProcessLink>();
  let unresolved: TerminalError | undefined;
  for (const link of links) {
    try {
      const one = resolveLink(provider, link, sources);
      const identity = [one.source, one.target, one.name, one.witNamespace, one.witPackage].join('\n');
      if (!resolved.has(identity)) resolved.set(identity, one);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      unresolved ??= error;
    }
  }
  return { resolved: [...resolved.values()], unresolved };
}

function resolveLink(provider: WasmCloudProvider, link: WasmCloudLink, sources: Sources): ProcessLink {
  const { source, target, name, wit, sourceConfig, targetConfig } = link.spec;
  const id = componentIdOf(provider);
  const namespace = provider.metadata.namespace ?? '';
  const path = (side: string): string => `link ${keyOf(link)}: spec.${side}Config`;
  const secrets = (side: string, config: Config | undefined): ProcessLink['sourceSecrets'] =>
    mergeSecrets(path(side), namespace, config, sources);
  return {
    source,
    target,
    name: name ?? 'default',
    witNamespace: wit.namespace,
    witPackage: wit.package,
    interfaces: wit.interfaces,
    sourceConfig: plain(path('source'), namespace, sourceConfig, sources),
    targetConfig: plain(path('target'), namespace, targetConfig, sources),
    // The secrets of the other side are none of its business.
    sourceSecrets: source === id ? secrets('source', sourceConfig) : {},
    targetSecrets: target === id ? secrets('target', targetConfig) : {},
  };
}

/** Configuration without its secrets, which providers are given apart from it and encrypted. */
function plain(path: string, namespace: string, config: Config | undefined, sources: Sources): Values {
  return mergeConfig(path, namespace, { ...config, secretFrom: [] }, sources);
}

function exitStatus({ code, reason, at }: ProcessExit): NonNullable<WasmCloudProviderStatus['lastExit']> {
  return { ...(code !== undefined && { code }), reason: reason.slice(0, 4096), at: at.toISOString() };
}

function exitOf({ code, reason, at }: NonNullable<WasmCloudProviderStatus['lastExit']>): ProcessExit {
  return { ...(code !== undefined && { code }), reason: reason ?? '', at: new Date(at ?? 0) };
}
