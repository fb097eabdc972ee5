import {
  conditionTypes,
  fieldManagers,
  type KubeObject,
  type WasmCloudLink,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  type WasmCloudProviderStatus,
} from '../../api';
import { messageOf, TerminalError } from '../../base/errors';
import { log } from '../../base/log';
import { applyStatus, Controller, keyOf, type Result } from '../../kube';
import { parseReference } from '../images/reference';
import type { BuiltinProvider, ProviderLink, StartBuiltin } from './builtin-provider';
import { requireComponentId } from './component-id';
import { configReferences, mergeConfig, type Values } from './config';
import {
  BY_COMPONENT,
  BY_SOURCE,
  BY_TARGET,
  componentKey,
  componentKeyOf,
  graceMs,
  type HostContext,
  isOurs,
} from './context';
import { endpointOf } from './endpoint';
import { farewell } from './farewell';
import { Report } from './report';

/** Condition of a provider: whether what its links target can be reached from this host. */
export const ROUTED = 'Routed';

interface Running {
  readonly name: string;
  readonly provider: BuiltinProvider;
  /** What it was last told to serve. */
  config: Values;
  links: readonly ProviderLink[];
}

/** How often a provider that could not do all it should tries again. */
const RETRY_MS = 5_000;

/** Runs the providers that are bound to this host and reports how they do. */
export class ProviderController {
  private readonly running = new Map<string, Running>();
  private readonly ending = new Set<Promise<void>>();
  private readonly controller: Controller;

  constructor(
    private readonly context: HostContext,
    private readonly builtins: Readonly<Record<string, StartBuiltin>>,
  ) {
    const { providers, links, localActors } = context;
    this.controller = new Controller<readonly KubeObject[]>({
      name: 'host-providers',
      watches: [
        // Another provider may wait for the same component id.
        ...providers.watches((provider) => [
          keyOf(provider),
          ...providers.by(BY_COMPONENT, componentKeyOf(provider)).map(keyOf),
        ]),
        ...links.watches((link) => this.sourcesOf(link)),
      ],
      reconcile: (key, signal) => this.reconcile(key, signal),
    });
    localActors.subscribe(async (namespace, componentId) => {
      const affected = links.by(BY_TARGET, componentKey(namespace, componentId));
      await Promise.all(affected.flatMap((link) => this.sourcesOf(link)).map((key) => this.retarget(key)));
    });
  }

  start(): void {
    this.controller.start();
  }

  /** Ends every provider; what is under way gets the host's time of grace. With `report` their statuses say so. */
  async stop(report: boolean): Promise<void> {
    await this.controller.stop();
    for (const key of [...this.running.keys()]) this.end(key);
    await Promise.all([
      farewell(this.context, WasmCloudProviderResource, report ? this.ours() : [], (provider) =>
        this.identity(provider),
      ),
      ...this.ending,
    ]);
  }

  private async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const provider = this.context.providers.get(key);
    if (provider === undefined || !isOurs(provider, this.context.hostName)) {
      this.context.references.release(dependentId(key));
      return this.end(key);
    }
    const report = new Report(provider);
    let failed = false;
    try {
      await this.bring(key, provider, report, signal);
    } catch (error) {
      signal.throwIfAborted();
      failed = true;
      report.fail(error);
    }
    await this.write(key, provider, report, signal);
    // A port may become free without any event.
    return { requeueAfterMs: failed && this.running.has(key) ? RETRY_MS : undefined };
  }

  private async bring(
    key: string,
    provider: WasmCloudProvider,
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const name = this.builtinOf(provider);
    const { providers, hostName } = this.context;
    requireComponentId(provider, providers, hostName, (other) => this.running.has(other));
    const namespace = provider.metadata.namespace ?? '';
    const wanted = this.linksOf(provider);

    report.phase = conditionTypes.configResolved;
    const { references } = this.context;
    await references.follow(
      { id: dependentId(key), changed: () => this.controller.enqueue(key) },
      [
        ...configReferences(namespace, provider.spec.config),
        ...wanted.flatMap(({ spec }) => configReferences(namespace, spec.sourceConfig)),
      ],
      signal,
    );
    const config = mergeConfig('spec.config', namespace, provider.spec.config, references);
    const links: ProviderLink[] = [];
    const unresolved: TerminalError[] = [];
    for (const link of wanted) {
      try {
        const path = `link ${keyOf(link)}: spec.sourceConfig`;
        const sourceConfig = mergeConfig(path, namespace, link.spec.sourceConfig, references);
        links.push({ name: keyOf(link), target: link.spec.target, sourceConfig });
      } catch (error) {
        // The other links are served all the same.
        if (!(error instanceof TerminalError)) throw error;
        unresolved.push(error);
      }
    }

    report.phase = conditionTypes.healthy;
    const running = this.runningOf(key, name, namespace);
    Object.assign(running, { config, links });
    await running.provider.update(config, links);
    report.observe(conditionTypes.healthy, 'True', 'Serving');

    report.phase = conditionTypes.configResolved;
    if (unresolved[0] !== undefined) throw unresolved[0];
    report.observe(conditionTypes.configResolved, 'True', 'Resolved');
    this.observeTargets(namespace, links, report);
  }

  /** Whether the actors behind the links are here. Ready while any is: a server with one dead route still serves the others. */
  private observeTargets(namespace: string, links: readonly ProviderLink[], report: Report): void {
    const { hostName, localActors } = this.context;
    const absent = links.filter(({ target }) => localActors.find(namespace, target) === undefined);
    const message = absent
      .map(
        ({ name, target }) => `link ${name}: actor ${namespace}/${target} does not run on host ${hostName}`,
      )
      .join('; ');
    if (absent.length > 0) report.observe(ROUTED, 'False', 'TargetNotOnHost', message);
    else report.observe(ROUTED, 'True', links.length > 0 ? 'Routed' : 'NoLinks');
    if (absent.length > 0 && absent.length === links.length)
      report.observe(conditionTypes.ready, 'False', 'TargetNotOnHost', message);
    else report.observe(conditionTypes.ready, 'True', links.length > 0 ? 'Serving' : 'NoLinks');
  }

  /** The name behind `builtin://`. */
  private builtinOf({ spec }: WasmCloudProvider): string {
    const reference = parseReference(spec.image ?? '');
    const known = Object.keys(this.builtins).map((name) => `builtin://${name}`);
    if (reference.kind !== 'builtin')
      throw new TerminalError(
        'UnsupportedImage',
        `spec.image: ${reference.text} is a program of its own, which this version of the host does not run`,
        `Use ${known.join(', ')}, or runtime Container or External`,
      );
    if (Object.hasOwn(this.builtins, reference.name)) return reference.name;
    throw new TerminalError(
      'UnknownBuiltin',
      `spec.image: the host has no ${reference.text}`,
      `It has ${known.join(', ')}`,
    );
  }

  /** The links whose source the provider is, the oldest first: where two claim the same, the first has it. */
  private linksOf(provider: WasmCloudProvider): WasmCloudLink[] {
    const age = ({ metadata }: WasmCloudLink): string => `${metadata.creationTimestamp} ${metadata.name}`;
    return this.context.links
      .by(BY_SOURCE, componentKeyOf(provider))
      .filter(({ metadata, spec }) => !metadata.deletionTimestamp && spec.managementPolicy !== 'Observe')
      .sort((a, b) => (age(a) < age(b) ? -1 : 1));
  }

  private sourcesOf({ metadata, spec }: WasmCloudLink): string[] {
    return this.context.providers.by(BY_COMPONENT, componentKey(metadata.namespace, spec.source)).map(keyOf);
  }

  private runningOf(key: string, name: string, namespace: string): Running {
    const before = this.running.get(key);
    if (before?.name === name) return before;
    this.end(key);
    const start = this.builtins[name]!;
    const provider = start((componentId) => this.context.localActors.find(namespace, componentId));
    const running = { name, provider, config: {}, links: [] };
    this.running.set(key, running);
    log.info({ provider: key, builtin: name }, 'Started provider');
    return running;
  }

  /** Lets a provider find its targets anew, at once: the actor that was there is about to end. The next pass reports how it went. */
  private async retarget(key: string): Promise<void> {
    this.controller.enqueue(key);
    const running = this.running.get(key);
    try {
      await running?.provider.update(running.config, running.links);
    } catch (error) {
      log.debug({ provider: key, error: messageOf(error) }, 'Provider serves not all of its links');
    }
  }

  /** Stops in the background; {@link stop} waits for it. */
  private end(key: string): void {
    const running = this.running.get(key);
    if (running === undefined) return;
    this.running.delete(key);
    const ending = running.provider
      .stop(graceMs(this.context))
      .catch((error: unknown) =>
        log.error({ provider: key, error: messageOf(error) }, 'Could not stop a provider cleanly'),
      )
      .finally(() => this.ending.delete(ending));
    this.ending.add(ending);
  }

  private async write(
    key: string,
    provider: WasmCloudProvider,
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const { addresses, client } = this.context;
    const endpoints = this.running.get(key)?.provider.endpoints() ?? [];
    const status: WasmCloudProviderStatus = {
      ...this.identity(provider),
      restarts: 0,
      endpoints: endpoints.map((url) => endpointOf(url, addresses[0] ?? '127.0.0.1')),
      conditions: report.conditions,
    };
    await applyStatus(client, WasmCloudProviderResource, provider, status, {
      fieldManager: fieldManagers.host,
      force: true,
      signal,
    });
  }

  private identity({ metadata }: WasmCloudProvider): WasmCloudProviderStatus {
    return {
      ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
      hostName: this.context.hostName,
    };
  }

  private ours(): WasmCloudProvider[] {
    return this.context.providers.list().filter((provider) => isOurs(provider, this.context.hostName));
  }
}

function dependentId(key: string): string {
  return `provider ${key}`;
}
