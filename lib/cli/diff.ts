import { fieldManagers, NamespaceResource, type KubeObject, type ResourceType } from '../api';
import { validateManifest } from '../api/validate';
import { KasmError } from '../base/errors';
import { ApiError, type KubeClient } from '../kube';
import { type ClusterOptions, withCluster } from './cluster';
import { type Pair, pairUp, unifiedDiff } from './compare';
import { KindResolver } from './kind-resolver';
import { loadObjects } from './load-objects';
import { titleOf } from './manifests';
import { reportError } from './report-error';

export interface DiffOptions extends ClusterOptions {
  readonly verbose?: boolean;
}

/** `kasmcloud diff`: what applying a lattice would change, or in what two differ. Ends with 0 for nothing, 1 for something, 2 for an error. */
export async function diff(source: string, other: string | undefined, options: DiffOptions): Promise<void> {
  try {
    const text =
      other === undefined
        ? await diffWithCluster(await loadObjects(source, options.verbose), options)
        : unifiedDiff(
            pairUp(await loadObjects(source, options.verbose), await loadObjects(other, options.verbose)),
            ['a', 'b'],
          );
    process.stdout.write(text);
    process.exitCode = text === '' ? 0 : 1;
  } catch (error) {
    // As of diff and kubectl: 1 says that there are differences.
    process.exitCode = Math.max(2, reportError(error, options.verbose ?? false));
  }
}

function diffWithCluster(objects: readonly KubeObject[], options: ClusterOptions): Promise<string> {
  return withCluster(options, async (client) =>
    unifiedDiff(await compareWith(client, objects), ['live', 'applied']),
  );
}

/**
 * Each object as it is and as it would be if it were applied, which the API server tells in a dry run.
 * @throws KasmError that lists everything that would not be accepted
 */
export async function compareWith(client: KubeClient, objects: readonly KubeObject[]): Promise<Pair[]> {
  const kinds = new KindResolver(client, objects);
  const problems = objects.flatMap((object) =>
    validateManifest(object).map(({ message }) => `${titleOf(object)}: ${message}`),
  );
  const pairs: Pair[] = [];
  for (const object of problems.length > 0 ? [] : objects) {
    try {
      pairs.push(await compareOne(client, kinds, object));
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof KasmError)) throw error;
      problems.push(`${titleOf(object)}: ${error.message}`);
    }
  }
  if (problems.length > 0)
    throw new KasmError(
      `Not everything can be applied:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
  return pairs;
}

async function compareOne(client: KubeClient, kinds: KindResolver, given: KubeObject): Promise<Pair> {
  const { type, installed } = await kinds.resolve(given);
  const object = type.namespaced
    ? inNamespace(given, given.metadata.namespace ?? client.connection.namespace)
    : given;
  // A kind that comes with the objects, or a namespace: all of it is new, and no dry run can tell more.
  if (!installed || !(await hasNamespace(client, object))) return { before: undefined, after: object };
  const { name, namespace } = object.metadata;
  const before = await client.find(type, { name, namespace });
  return { before, after: await dryRun(client, type, object) };
}

function dryRun(client: KubeClient, type: ResourceType, object: KubeObject): Promise<KubeObject> {
  return client.apply(type, object, { fieldManager: fieldManagers.cli, force: true, dryRun: true });
}

async function hasNamespace(client: KubeClient, { metadata: { namespace } }: KubeObject): Promise<boolean> {
  return namespace === undefined || (await client.find(NamespaceResource, { name: namespace })) !== undefined;
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}
