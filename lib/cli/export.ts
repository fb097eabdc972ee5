import {
  ConfigMapResource,
  declared,
  type KubeObject,
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../api';
import { KasmError } from '../base/errors';
import type { KubeClient } from '../kube';
import { exportApplications, type LiveLattice, manifestText, typescriptSource } from '../oam';
import { type ClusterOptions, withCluster } from './cluster';
import { titleOf } from './manifests';

export interface ExportOptions extends ClusterOptions {
  /** The lattice. */
  readonly namespace: string;
}

/** `kasmcloud export wadm`: a lattice as manifests that wadm would run it by. */
export async function exportWadm({ namespace, ...cluster }: ExportOptions): Promise<void> {
  const lattice = await withCluster(cluster, (client) => readLattice(client, namespace));
  const applications = exportApplications(lattice, (object, message) =>
    process.stderr.write(`${titleOf(object)}: warning: ${message}\n`),
  );
  process.stdout.write(manifestText(applications));
}

/** `kasmcloud export typescript`: a lattice as a program with our constructs. */
export async function exportTypescript({ namespace, ...cluster }: ExportOptions): Promise<void> {
  const { configMaps, distributions, actors, providers, links } = await withCluster(cluster, (client) =>
    readLattice(client, namespace),
  );
  const objects: KubeObject[] = [
    ...configMaps.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'kasmcloud'),
    ...distributions,
    ...actors.filter(isOwn),
    ...providers.filter(isOwn),
    ...links.filter(isOwn),
  ];
  process.stdout.write(typescriptSource(objects, namespace, `Exported from the lattice ${namespace}.`));
}

/** Whether people declared an object: what a distribution owns follows from that, and what others run is reported only. */
function isOwn({
  metadata,
  spec,
}: KubeObject & { spec: { managementPolicy?: string | undefined } }): boolean {
  return metadata.ownerReferences === undefined && spec.managementPolicy !== 'Observe';
}

/** What is declared in a lattice. @throws KasmError when there is nothing */
async function readLattice(client: KubeClient, namespace: string): Promise<LiveLattice> {
  const [distributions, actors, providers, links, configMaps] = await Promise.all([
    client.list(WasmCloudDistributionResource, { namespace }),
    client.list(WasmCloudActorResource, { namespace }),
    client.list(WasmCloudProviderResource, { namespace }),
    client.list(WasmCloudLinkResource, { namespace }),
    client.list(ConfigMapResource, { namespace }),
  ]);
  if ([distributions, actors, providers].every(({ items }) => items.length === 0)) {
    throw new KasmError(
      `Namespace ${namespace} has no actors, providers or distributions`,
      'Name the lattice with --namespace',
    );
  }
  return {
    distributions: clean(distributions.items),
    actors: clean(actors.items),
    providers: clean(providers.items),
    links: clean(links.items),
    configMaps: clean(configMaps.items),
  };
}

/** Objects as they were declared, by name; who owns them is kept. */
function clean<T extends KubeObject>(items: readonly T[]): T[] {
  return items
    .map((item) => {
      const { ownerReferences } = item.metadata;
      const own = declared(item);
      return ownerReferences === undefined ? own : { ...own, metadata: { ...own.metadata, ownerReferences } };
    })
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
