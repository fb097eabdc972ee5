import path from 'node:path';
import {
  conditionOf,
  conditionTypes,
  type WasmCloudLink,
  type WasmCloudProvider,
  type WasmCloudProviderStatus,
} from '../../api';
import { KasmError, TerminalError } from '../../base/errors';
import { keyOf } from '../../kube';
import type { WitInterface } from '../../lattice';
import { recorded } from '../calls/call-spans';
import { OfferedService } from '../calls/local-services';
import type { HttpHandler } from '../providers/http-server';
import type { BuiltinProvider, ProviderLink, StartBuiltin, TargetLink } from './builtin-provider';
import { configReferences, mergeConfig, observeSources, type Values } from './config';
import { BY_COMPONENT, componentIdOf, componentKey, type HostContext, isOurs, latticeOf } from './context';
import { endpointOf } from './endpoint';
import type { Report } from './report';
import type { ProviderPass, RunningProvider } from './running-provider';

/** Condition of a provider: whether what its links target can be reached from this host. */
export const ROUTED = 'Routed';

/** How often a provider that could not do all it should tries again. A port may become free without any event. */
const RETRY_MS = 5_000;
/** How long a component may take for what a provider hands to it. */
const CALL_MS = 600_000;

/** A provider that is part of the host. */
export class BuiltinRunning implements RunningProvider {
  readonly kind: string;
  private readonly namespace: string;
  private readonly componentId: string;
  private readonly provider: BuiltinProvider;
  /** What components call of it. */
  private readonly offered: OfferedService | undefined;
  private config: Values = {};
  private links: readonly ProviderLink[] = [];
  private targets: readonly TargetLink[] = [];

  constructor(
    private readonly context: HostContext,
    provider: WasmCloudProvider,
    name: string,
    start: StartBuiltin,
  ) {
    this.kind = `builtin ${name}`;
    this.namespace = provider.metadata.namespace ?? '';
    this.componentId = componentIdOf(provider);
    this.provider = start({
      httpHandler: (componentId, waitMs) => recorded(this.handlerOf(componentId, waitMs), componentId),
      nats: context.nats,
      blobDir: path.join(context.blobDir, this.namespace),
      call: (link, called, func, args) => this.call(link, called, func, args),
    });
    this.offered = this.provider.service && new OfferedService(this.provider.service);
  }

  async bring(pass: ProviderPass): Promise<void> {
    const { provider, namespace, report, sourceLinks } = pass;
    const targetLinks = this.offered === undefined ? [] : pass.targetLinks;
    report.phase = conditionTypes.configResolved;
    const sources = await pass.follow([
      ...configReferences(namespace, provider.spec.config),
      ...[...sourceLinks, ...targetLinks].flatMap(({ spec }) => [
        ...configReferences(namespace, spec.sourceConfig),
        ...configReferences(namespace, spec.targetConfig),
      ]),
    ]);
    const config = mergeConfig('spec.config', namespace, provider.spec.config, sources);
    const unresolved: TerminalError[] = [];
    const configured = <T>(all: readonly WasmCloudLink[], each: (link: WasmCloudLink) => T): T[] =>
      all.flatMap((link) => {
        try {
          return [each(link)];
        } catch (error) {
          // The other links are served all the same.
          if (!(error instanceof TerminalError)) throw error;
          unresolved.push(error);
          return [];
        }
      });
    const of = (link: WasmCloudLink, side: 'sourceConfig' | 'targetConfig'): Values =>
      mergeConfig(`link ${keyOf(link)}: spec.${side}`, namespace, link.spec[side], sources);
    const links = configured(sourceLinks, (link) => ({
      name: keyOf(link),
      linkName: link.spec.name ?? 'default',
      target: link.spec.target,
      sourceConfig: of(link, 'sourceConfig'),
      waitMs: (link.spec.activationTimeoutSeconds ?? 0) * 1_000,
    }));
    const offeredTo = configured(targetLinks, (link) => ({
      link,
      config: { sourceConfig: of(link, 'sourceConfig'), targetConfig: of(link, 'targetConfig') },
    }));
    this.offered?.setLinks(offeredTo);
    const targets = offeredTo.map(({ link, config: { targetConfig } }) => ({
      name: keyOf(link),
      targetConfig,
    }));

    report.phase = conditionTypes.healthy;
    Object.assign(this, { config, links, targets });
    await this.provider.update(config, links, targets);
    this.offer();
    report.observe(conditionTypes.healthy, 'True', 'Serving');

    report.phase = conditionTypes.configResolved;
    if (unresolved[0] !== undefined) throw unresolved[0];
    observeSources(report, sources);
    this.observeTargets(namespace, links, report);
  }

  retarget(): Promise<void> {
    return this.provider.update(this.config, this.links, this.targets);
  }

  status(): WasmCloudProviderStatus {
    const address = this.context.addresses[0] ?? '127.0.0.1';
    return { restarts: 0, endpoints: this.provider.endpoints().map((url) => endpointOf(url, address)) };
  }

  againInMs(failed: boolean): number | undefined {
    return failed ? RETRY_MS : undefined;
  }

  async stop(graceMs: number): Promise<void> {
    const { namespace, componentId, offered, context } = this;
    await Promise.all([
      offered && context.services.remove(namespace, componentId, offered, graceMs),
      this.provider.stop(graceMs),
    ]);
  }

  private get lattice(): string {
    return latticeOf(this.context, this.namespace)?.spec.latticeId ?? this.namespace;
  }

  private handlerOf(target: string, waitMs: number): HttpHandler | undefined {
    const { namespace, componentId: source, context, lattice } = this;
    const { localActors, remoteHttp } = context;
    const actor = localActors.find(namespace, target);
    if (actor === undefined) return remoteHttp.find({ namespace, lattice, source, target, waitMs });
    if (localActors.all(namespace, target).length === 1) return actor;
    // Of several, none may accept connections by itself: they would be shared out by threads, not by instances.
    return { handleHttp: (request, response) => actor.handleHttp(request, response) };
  }

  private offer(): void {
    const { namespace, componentId, offered, context, lattice } = this;
    if (offered !== undefined) context.services.add(namespace, componentId, lattice, offered);
  }

  private async call(
    { linkName }: ProviderLink,
    { id, functions }: WitInterface,
    func: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    const signature = functions[func];
    if (signature === undefined) throw new KasmError(`${id} has no function ${func}`);
    const { namespace, componentId: source } = this;
    const deadlineMs = CALL_MS;
    return this.context.calls.call({
      namespace,
      source,
      linkName,
      // Links name interfaces as components do.
      interface: id.replace(/^wrpc:/, 'wasi:'),
      wireInterface: id,
      function: func,
      signature,
      args,
      deadlineMs,
    });
  }

  /** Whether the actors behind the links can be reached. Ready while any can: a server with one dead route still serves the others. */
  private observeTargets(namespace: string, links: readonly ProviderLink[], report: Report): void {
    const { hostName, localActors } = this.context;
    const absent = links.filter(
      (link) => localActors.all(namespace, link.target).length === 0 && !this.isElsewhere(link),
    );
    const message = absent
      .map(
        ({ name, target }) =>
          `link ${name}: actor ${namespace}/${target} does not run on host ${hostName}, nor is known elsewhere`,
      )
      .join('; ');
    if (absent.length > 0) report.observe(ROUTED, 'False', 'TargetNotOnHost', message);
    else report.observe(ROUTED, 'True', links.length > 0 ? 'Routed' : 'NoLinks');
    if (absent.length > 0 && absent.length === links.length)
      report.observe(conditionTypes.ready, 'False', 'TargetNotOnHost', message);
    else report.observe(conditionTypes.ready, 'True', links.length > 0 ? 'Serving' : 'NoLinks');
  }

  /** Whether a link leads to something of another host, as far as its own conditions tell. What is bound to this host is never there. */
  private isElsewhere({ name, target }: ProviderLink): boolean {
    const { actors, hostName, links } = this.context;
    const own = actors.by(BY_COMPONENT, componentKey(this.namespace, target));
    if (own.some((actor) => isOurs(actor, hostName))) return false;
    const link = links.get(name);
    return link !== undefined && conditionOf(link, conditionTypes.resolved)?.status === 'True';
  }
}
