import {
  isReady,
  type KubeObject,
  type WasmCloudLink,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  type WasmCloudProviderStatus,
} from '../../api';
import { messageOf, TerminalError } from '../../base/errors';
import { log } from '../../base/log';
import { within } from '../../base/sleep';
import { Controller, keyOf, type Result } from '../../kube';
import { parseReference } from '../images/reference';
import type { StartBuiltin } from './builtin-provider';
import { BuiltinRunning } from './builtin-running';
import { requireComponentId } from './component-id';
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
import { farewell } from './farewell';
import { Handover } from './handover';
import { StillPulling } from './image-pull';
import { rivalsOf, undisputed } from './links';
import { ProcessRunning } from './process-running';
import { Report } from './report';
import type { RunningProvider } from './running-provider';
import { writeStatus } from './write-status';

/** Longest pass; pulls go on beside passes. */
const PASS_MS = 5 * 60_000;

/** Time for Services, and whoever else follows `status.endpoints`, to hear that a provider is on another host now. */
const LINGER_MS = 2_000;

/** A start that takes longer shows in the status. */
const NOTICE_MS = 1_000;

/** Runs the providers that are bound to this host and reports how they do. */
export class ProviderController {
  private readonly running = new Map<string, RunningProvider>();
  private readonly ending = new Set<Promise<void>>();
  private readonly controller: Controller;
  private readonly handover: Handover<WasmCloudProvider>;

  constructor(
    private readonly context: HostContext,
    private readonly builtins: Readonly<Record<string, StartBuiltin>>,
  ) {
    const { providers, links, localActors } = context;
    this.handover = new Handover(context.client, WasmCloudProviderResource, context.hostName, LINGER_MS);
    this.controller = new Controller<readonly KubeObject[]>({
      name: 'host-providers',
      watches: [
        // Another provider may wait for the same component id.
        ...providers.watches((provider) => [
          keyOf(provider),
          ...providers.by(BY_COMPONENT, componentKeyOf(provider)).map(keyOf),
        ]),
        ...links.watches((link) => this.endsOf(link)),
      ],
      reconcile: (key, signal) => this.reconcile(key, signal),
      workers: 16,
      timeoutMs: PASS_MS,
    });
    localActors.subscribe(async (namespace, componentId) => {
      const affected = links.by(BY_TARGET, componentKey(namespace, componentId));
      const sources = affected.flatMap(({ spec }) => this.providersWith(namespace, spec.source));
      await Promise.all(sources.map((key) => this.retarget(key)));
    });
  }

  start(): void {
    this.controller.start();
  }

  /** How many objects have something here, also such that have left and serve on or end what is under way. */
  get held(): number {
    return this.running.size + this.ending.size;
  }

  /** Ends every provider; what is under way gets the host's time of grace. With `report` their statuses say so. */
  async stop(report: boolean): Promise<void> {
    await this.controller.stop();
    for (const key of [...this.running.keys()]) this.end(key);
    await Promise.all([
      farewell(this.context, WasmCloudProviderResource, report ? this.ours() : [], (provider) => ({
        ...this.identity(provider),
        ...kept(provider.status),
      })),
      ...this.ending,
    ]);
  }

  private async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const provider = this.context.providers.get(key);
    if (provider === undefined || !isOurs(provider, this.context.hostName)) {
      const waitMs = await this.handover.pendingMs(key, signal);
      if (waitMs !== undefined) return { requeueAfterMs: waitMs };
      this.context.references.release(dependentId(key));
      return this.end(key);
    }
    this.handover.holds(key, provider);
    const report = new Report(provider);
    const again = (failed: boolean): Result => ({ requeueAfterMs: this.running.get(key)?.againInMs(failed) });
    let failed = false;
    try {
      const work = this.bring(key, provider, report, signal);
      await this.noticeWhenSlow(work, key, provider, signal);
      await work;
    } catch (error) {
      signal.throwIfAborted();
      // What serves goes on serving meanwhile.
      if (error instanceof StillPulling && isReady(provider)) return again(false);
      failed = true;
      report.fail(error);
    }
    await this.write(key, provider, report, signal);
    return again(failed);
  }

  /** Says what is going on when it takes a while, as a first pull does. */
  private async noticeWhenSlow(
    work: Promise<void>,
    key: string,
    provider: WasmCloudProvider,
    signal: AbortSignal,
  ): Promise<void> {
    const settled = work.catch(() => undefined);
    // What serves goes on serving meanwhile.
    if ((await within(NOTICE_MS, settled, false)) || isReady(provider)) return;
    const { image = '' } = provider.spec;
    const notice = new Report(provider);
    notice.start(`${image} is pulled and started`);
    // The work itself goes on, so its failure must be seen first.
    await Promise.all([settled, this.write(key, provider, notice, signal)]);
  }

  private async bring(
    key: string,
    provider: WasmCloudProvider,
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const { providers, hostName, references, links } = this.context;
    requireComponentId(provider, providers, hostName, (other) => this.running.has(other));
    const namespace = provider.metadata.namespace ?? '';
    const dependent = { id: dependentId(key), changed: () => this.controller.enqueue(key) };
    await this.runningOf(key, provider).bring({
      key,
      namespace,
      provider,
      sourceLinks: undisputed(links, links.by(BY_SOURCE, componentKeyOf(provider))),
      targetLinks: undisputed(links, links.by(BY_TARGET, componentKeyOf(provider))),
      report,
      signal,
      follow: (wanted) => references.follow(dependent, wanted, signal),
    });
  }

  /** The providers of this host that a link touches: its ends, and the targets of those that it overrules or no longer does. */
  private endsOf(link: WasmCloudLink): string[] {
    const all = [link, ...rivalsOf(this.context.links, link)];
    const ids = new Set(all.flatMap(({ spec }) => [spec.source, spec.target]));
    return Array.from(ids).flatMap((id) => this.providersWith(link.metadata.namespace, id));
  }

  private providersWith(namespace: string | undefined, id: string): string[] {
    return this.context.providers.by(BY_COMPONENT, componentKey(namespace, id)).map(keyOf);
  }

  /** What runs for an object; made anew when it has to be something else. */
  private runningOf(key: string, provider: WasmCloudProvider): RunningProvider {
    const before = this.running.get(key);
    const name = this.builtinOf(provider);
    if (before?.kind === (name === undefined ? 'process' : `builtin ${name}`)) return before;
    this.end(key);
    const changed = (): void => this.controller.enqueue(key);
    const running =
      name === undefined
        ? new ProcessRunning(this.context, provider.status, changed)
        : new BuiltinRunning(this.context, provider, name, this.builtins[name]!);
    this.running.set(key, running);
    log.info({ provider: key, kind: running.kind }, 'Runs provider');
    return running;
  }

  /** The name behind `builtin://`; undefined where the image is a program of its own. */
  private builtinOf({ spec }: WasmCloudProvider): string | undefined {
    const reference = parseReference(spec.image ?? '');
    if (reference.kind !== 'builtin') return undefined;
    if (Object.hasOwn(this.builtins, reference.name)) return reference.name;
    const known = Object.keys(this.builtins).map((name) => `builtin://${name}`);
    throw new TerminalError(
      'UnknownBuiltin',
      `spec.image: the host has no ${reference.text}`,
      `It has ${known.join(', ')}`,
    );
  }

  /** Lets a provider find its targets anew, at once: the actor that was there is about to end. The next pass reports how it went. */
  private async retarget(key: string): Promise<void> {
    this.controller.enqueue(key);
    try {
      await this.running.get(key)?.retarget();
    } catch (error) {
      log.debug({ provider: key, error: messageOf(error) }, 'Provider serves not all of its links');
    }
  }

  /** Stops in the background; {@link stop} waits for it. */
  private end(key: string): void {
    const running = this.running.get(key);
    if (running === undefined) return;
    this.running.delete(key);
    const ending = running
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
    const status: WasmCloudProviderStatus = {
      ...this.identity(provider),
      ...(this.running.get(key)?.status() ?? { restarts: 0 }),
      conditions: report.conditions,
    };
    await writeStatus(this.context, WasmCloudProviderResource, provider, status, signal);
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

/** What the next host goes on from. */
function kept({ restarts, lastExit }: WasmCloudProviderStatus = {}): WasmCloudProviderStatus {
  return { ...(restarts !== undefined && { restarts }), ...(lastExit && { lastExit }) };
}

function dependentId(key: string): string {
  return `provider ${key}`;
}
