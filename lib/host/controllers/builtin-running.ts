import { conditionTypes, type WasmCloudProviderStatus } from '../../api';
import { TerminalError } from '../../base/errors';
import { keyOf } from '../../kube';
import type { BuiltinProvider, ProviderLink, StartBuiltin } from './builtin-provider';
import { configReferences, mergeConfig, type Values } from './config';
import type { HostContext } from './context';
import { endpointOf } from './endpoint';
import type { Report } from './report';
import type { ProviderPass, RunningProvider } from './running-provider';

/** Condition of a provider: whether what its links target can be reached from this host. */
export const ROUTED = 'Routed';

/** How often a provider that could not do all it should tries again. A port may become free without any event. */
const RETRY_MS = 5_000;

/** A provider that is part of the host. */
export class BuiltinRunning implements RunningProvider {
  readonly kind: string;
  private readonly provider: BuiltinProvider;
  private config: Values = {};
  private links: readonly ProviderLink[] = [];

  constructor(
    private readonly context: HostContext,
    namespace: string,
    name: string,
    start: StartBuiltin,
  ) {
    this.kind = `builtin ${name}`;
    this.provider = start((componentId) => context.localActors.find(namespace, componentId));
  }

  async bring(pass: ProviderPass): Promise<void> {
    const { provider, namespace, report, sourceLinks } = pass;
    const { references } = this.context;
    report.phase = conditionTypes.configResolved;
    await pass.follow([
      ...configReferences(namespace, provider.spec.config),
      ...sourceLinks.flatMap(({ spec }) => configReferences(namespace, spec.sourceConfig)),
    ]);
    const config = mergeConfig('spec.config', namespace, provider.spec.config, references);
    const links: ProviderLink[] = [];
    const unresolved: TerminalError[] = [];
    for (const link of sourceLinks) {
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
    Object.assign(this, { config, links });
    await this.provider.update(config, links);
    report.observe(conditionTypes.healthy, 'True', 'Serving');

    report.phase = conditionTypes.configResolved;
    if (unresolved[0] !== undefined) throw unresolved[0];
    report.observe(conditionTypes.configResolved, 'True', 'Resolved');
    this.observeTargets(namespace, links, report);
  }

  retarget(): Promise<void> {
    return this.provider.update(this.config, this.links);
  }

  status(): WasmCloudProviderStatus {
    const address = this.context.addresses[0] ?? '127.0.0.1';
    return { restarts: 0, endpoints: this.provider.endpoints().map((url) => endpointOf(url, address)) };
  }

  againInMs(failed: boolean): number | undefined {
    return failed ? RETRY_MS : undefined;
  }

  stop(graceMs: number): Promise<void> {
    return this.provider.stop(graceMs);
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
}
