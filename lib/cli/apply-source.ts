import { type ClusterOptions, withCluster } from './cluster';
import { applyAll } from './apply';
import { loadObjects } from './load-objects';

export interface ApplyOptions extends ClusterOptions {
  readonly verbose?: boolean;
}

/**
 * `kasmcloud apply SOURCE`: applies objects to a cluster, nothing unless all of it is right, namespaces and definitions first: so that one
 * command also does on a cluster that does not know the kinds yet, where kubectl looks all of them up before it applies any.
 */
export async function applySource(source: string, options: ApplyOptions): Promise<void> {
  const objects = await loadObjects(source, options.verbose);
  await withCluster(options, async (client) => {
    for (const { apiVersion, kind, metadata } of await applyAll(client, objects)) {
      const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [];
      const type = [kind.toLowerCase(), ...(group === undefined ? [] : [group])].join('.');
      process.stdout.write(`${type}/${metadata.name} serverside-applied\n`);
    }
  });
}
