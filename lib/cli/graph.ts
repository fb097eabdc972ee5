import {
  type KubeObject,
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../api';
import { KasmError } from '../base/errors';
import { graphOf, mermaidText, svgText } from '../graph';
import type { KubeClient } from '../kube';
import { type ClusterOptions, withCluster } from './cluster';
import { loadObjects } from './load-objects';

export interface GraphOptions extends ClusterOptions {
  readonly output: 'mermaid' | 'svg';
  readonly live?: boolean;
  /** One lattice of those that run. */
  readonly namespace?: string;
  readonly verbose?: boolean;
}

/** `kasmcloud graph`: what is linked with what, and where it runs, as a picture. */
export async function graph(source: string | undefined, options: GraphOptions): Promise<void> {
  if ((source === undefined) !== (options.live === true)) {
    throw new KasmError(
      source === undefined ? 'There is nothing to draw' : `${source} cannot be drawn as it runs`,
      'Give a program or manifests, or --live for what runs',
    );
  }
  const objects =
    source === undefined
      ? await withCluster(options, (client) => readLive(client, options.namespace))
      : (await loadObjects(source, options.verbose)).filter(
          ({ metadata }) =>
            options.namespace === undefined ||
            (metadata.namespace ?? options.namespace) === options.namespace,
        );
  const drawn = graphOf(objects);
  if (drawn.groups.length === 0) {
    throw new KasmError(
      `${source ?? 'The cluster'} has no hosts, actors, providers or links`,
      'Name another source or namespace',
    );
  }
  process.stdout.write(options.output === 'svg' ? svgText(drawn) : mermaidText(drawn));
}

async function readLive(client: KubeClient, namespace: string | undefined): Promise<KubeObject[]> {
  const lists = await Promise.all(
    [
      WasmCloudHostResource,
      WasmCloudDistributionResource,
      WasmCloudActorResource,
      WasmCloudProviderResource,
      WasmCloudLinkResource,
    ].map((type) => client.list<KubeObject>(type, type.namespaced ? { namespace } : {})),
  );
  return lists.flatMap(({ items }) => items);
}
