import {
  ControllerRevisionResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  fieldManagers,
  labels,
  labelValue,
} from '../api';
import { KasmError } from '../base/errors';
import { type KubeClient, type Patch, isApiError } from '../kube';
import { History } from '../reconciler/distribution/history';
import type { ClusterOptions } from './cluster';
import type { DryRun } from './cordon';

/** Options of every `kasmcloud rollout` command. */
export interface RolloutOptions extends ClusterOptions {
  readonly namespace?: string;
}

/** Which distributions, and whether for real. */
export interface RolloutChangeOptions extends RolloutOptions {
  /** Distributions by label, instead of by name. */
  readonly selector?: string;
  readonly dryRun: DryRun;
}

const { kind, plural, group } = WasmCloudDistributionResource;
/** What may stand before the slash of TYPE/NAME. */
const types = new Set([
  'distribution',
  'distributions',
  'wcd',
  kind.toLowerCase(),
  plural,
  `${plural}.${group}`,
]);

/**
 * The distributions that a command line names: `NAME`, `TYPE/NAME`, `TYPE NAME`, or those of a selector.
 * @throws KasmError when it names none, or one that does not exist
 */
export async function distributionsOf(
  client: KubeClient,
  names: readonly string[],
  options: RolloutOptions & { readonly selector?: string },
): Promise<WasmCloudDistribution[]> {
  const { selector } = options;
  const namespace = options.namespace ?? client.connection.namespace ?? 'default';
  if (names.length > 0 === (selector !== undefined))
    throw new KasmError('Which distributions?', 'Give names, or --selector and no name');
  if (selector !== undefined) {
    const { items } = await client.list(WasmCloudDistributionResource, {
      namespace,
      labelSelector: selector,
    });
    if (items.length > 0) return items;
    throw new KasmError(
      `No distribution of namespace ${namespace} matches --selector ${selector}`,
      'See `kubectl get wcd --show-labels`',
    );
  }
  return Promise.all(untyped(names).map((name) => findDistribution(client, namespace, nameOf(name))));
}

/**
 * The distribution of a name.
 * @throws KasmError when there is none
 */
export async function findDistribution(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<WasmCloudDistribution> {
  const found = await client.find(WasmCloudDistributionResource, { namespace, name });
  if (found !== undefined) return found;
  throw new KasmError(
    `There is no distribution ${name} in namespace ${namespace}`,
    'See `kubectl get wcd -A` for those that there are',
  );
}

/** Names without the type before them all. */
function untyped(names: readonly string[]): readonly string[] {
  const [first = '', ...rest] = names;
  return rest.length > 0 && types.has(first.toLowerCase()) ? rest : names;
}

function nameOf(text: string): string {
  const slash = text.indexOf('/');
  if (slash === -1) return text;
  const type = text.slice(0, slash).toLowerCase();
  if (types.has(type)) return text.slice(slash + 1);
  throw new KasmError(`${text}: ${JSON.stringify(type)} has no rollouts here`, 'Give distribution/NAME');
}

/** What is known of the templates that a distribution had. */
export async function historyOf(client: KubeClient, distribution: WasmCloudDistribution): Promise<History> {
  const { name, namespace } = distribution.metadata;
  const { items } = await client.list(ControllerRevisionResource, {
    namespace,
    labelSelector: `${labels.distribution}=${labelValue(name)}`,
  });
  return new History(distribution, items);
}

/** Changes a distribution, unless nothing is to be sent. */
export async function changeDistribution(
  client: KubeClient,
  { metadata }: WasmCloudDistribution,
  patch: Patch,
  dryRun: DryRun,
): Promise<void> {
  if (dryRun === 'client') return;
  try {
    await client.patch(WasmCloudDistributionResource, metadata, patch, {
      fieldManager: fieldManagers.cli,
      dryRun: dryRun === 'server',
    });
  } catch (error) {
    if (!isApiError(error, 404)) throw error;
    throw new KasmError(`Distribution ${metadata.name} was deleted meanwhile`, 'See `kubectl get wcd`', {
      cause: error,
    });
  }
}

/** As kubectl names an object in what it prints. */
export function titleOf({ metadata: { name } }: WasmCloudDistribution): string {
  return `${kind.toLowerCase()}.${group}/${name}`;
}

/** Prints what happened to a distribution. */
export function tell(distribution: WasmCloudDistribution, what: string, dryRun: DryRun): void {
  const aside = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun];
  process.stdout.write(`${titleOf(distribution)} ${what}${aside}\n`);
}
