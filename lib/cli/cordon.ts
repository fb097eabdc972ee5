import { type WasmCloudHost, WasmCloudHostResource, fieldManagers } from '../api';
import { KasmError } from '../base/errors';
import { type KubeClient, isApiError } from '../kube';
import { type ClusterOptions, withCluster } from './cluster';

/** What is done for real, what is only printed, and what the API server only checks. */
export type DryRun = 'none' | 'client' | 'server';

/** Which hosts, and whether for real. */
export interface HostOptions extends ClusterOptions {
  /** Hosts by label, instead of by name. */
  readonly selector?: string;
  readonly dryRun: DryRun;
}

/** `kasmcloud cordon HOST…`: nothing new is placed on these hosts. */
export async function cordon(names: readonly string[], options: HostOptions): Promise<void> {
  await withCluster(options, async (client) => {
    for (const host of await hostsOf(client, names, options)) await cordonHost(client, host, options.dryRun);
  });
}

/** Cordons one host, and says so as kubectl does. */
export async function cordonHost(client: KubeClient, host: WasmCloudHost, dryRun: DryRun): Promise<void> {
  if (host.spec.unschedulable === true) return say(host, 'already cordoned', dryRun);
  await change(client, host, { unschedulable: true }, dryRun);
  say(host, 'cordoned', dryRun);
}

/**
 * The hosts that a command line names.
 * @throws KasmError when it names none, or one that does not exist
 */
export async function hostsOf(
  client: KubeClient,
  names: readonly string[],
  { selector }: Pick<HostOptions, 'selector'>,
): Promise<WasmCloudHost[]> {
  if (names.length > 0 === (selector !== undefined))
    throw new KasmError('Which hosts?', 'Give names, or --selector and no name');
  if (selector !== undefined) {
    const { items } = await client.list(WasmCloudHostResource, { labelSelector: selector });
    if (items.length > 0) return items;
    throw new KasmError(`No host matches --selector ${selector}`, 'See `kubectl get wch --show-labels`');
  }
  return Promise.all(
    names.map(async (name) => {
      const host = await client.find(WasmCloudHostResource, { name });
      if (host !== undefined) return host;
      throw new KasmError(`There is no host ${name}`, 'See `kubectl get wch` for those that there are');
    }),
  );
}

/** Changes the spec of a host, unless nothing is to be sent. */
export async function change(
  client: KubeClient,
  host: WasmCloudHost,
  spec: Partial<WasmCloudHost['spec']>,
  dryRun: DryRun,
): Promise<WasmCloudHost> {
  if (dryRun === 'client') return host;
  const { name } = host.metadata;
  try {
    const options = { fieldManager: fieldManagers.cli, dryRun: dryRun === 'server' };
    return await client.patch(WasmCloudHostResource, { name }, { spec }, options);
  } catch (error) {
    if (!isApiError(error, 404)) throw error;
    throw new KasmError(`Host ${name} was deleted meanwhile`, 'See `kubectl get wch`', { cause: error });
  }
}

/** Prints what happened to a host. */
export function say({ metadata: { name } }: WasmCloudHost, what: string, dryRun: DryRun): void {
  const aside = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun];
  process.stdout.write(`wasmcloudhost/${name} ${what}${aside}\n`);
}
