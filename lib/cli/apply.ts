import { NamespaceResource, fieldManagers, type KubeObject, type ResourceType } from '../api';
import { validateManifest } from '../api/validate';
import { KasmError, messageOf } from '../base/errors';
import { sleep } from '../base/sleep';
import { ApiError, isApiError, type KubeClient } from '../kube';
import { KindResolver } from './kind-resolver';
import { titleOf } from './manifests';

interface Planned {
  readonly object: KubeObject;
  readonly type: ResourceType;
  /** Whether the API server knows the kind already. */
  readonly installed: boolean;
}

const atOnce = 8;
const establishedMs = 30_000;

/**
 * Applies objects as one: first each is checked, by the schemas here and by the API server in a dry run, and only when nothing is wrong
 * with any of them are they applied, Namespaces and definitions before the rest.
 * @throws KasmError that lists everything that is wrong
 */
export async function applyAll(client: KubeClient, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  refuseIf(
    objects.flatMap((object) =>
      validateManifest(object).map(({ message }) => `${titleOf(object)}: ${message}`),
    ),
  );
  const plan = await planOf(client, objects);
  await tryAll(client, plan);
  const rank = ({ object: { kind } }: Planned): number =>
    kind === 'Namespace' ? 0 : kind === 'CustomResourceDefinition' ? 1 : 2;
  for (const stage of [0, 1, 2]) {
    await each(
      plan.filter((planned) => rank(planned) === stage),
      (planned) => apply(client, planned),
    );
  }
  return plan.map(({ object }) => object);
}

/** Finds the kinds, and gives namespaced objects that name no namespace the connection's. */
async function planOf(client: KubeClient, objects: readonly KubeObject[]): Promise<Planned[]> {
  const kinds = new KindResolver(client, objects);
  const problems: string[] = [];
  const plan: Planned[] = [];
  for (const object of objects) {
    try {
      const { type, installed } = await kinds.resolve(object);
      const namespace = type.namespaced
        ? (object.metadata.namespace ?? client.connection.namespace)
        : undefined;
      plan.push({
        type,
        installed,
        object: namespace === undefined ? object : inNamespace(object, namespace),
      });
    } catch (error) {
      if (!(error instanceof KasmError)) throw error;
      problems.push(`${titleOf(object)}: ${messageOf(error)}`);
    }
  }
  refuseIf(problems);
  return plan;
}

async function tryAll(client: KubeClient, plan: readonly Planned[]): Promise<void> {
  const coming = new Set(
    plan.filter(({ object }) => object.kind === 'Namespace').map(({ object }) => object.metadata.name),
  );
  const missing = new Set<string>();
  for (const name of coming) {
    if ((await client.find(NamespaceResource, { name })) === undefined) missing.add(name);
  }
  // Several are tried at a time; what is wrong is said in the order of the plan all the same.
  const problems = new Map<Planned, string>();
  await each(plan, async (planned) => {
    const { object, type, installed } = planned;
    // What a definition in the same plan brings cannot be tried before it is there.
    if (!installed) return;
    const { namespace } = object.metadata;
    // Nor can anything be tried in a namespace that is not there yet; what is right in another is right in it, too.
    const tried = namespace !== undefined && missing.has(namespace) ? inNamespace(object, 'default') : object;
    try {
      await client.apply(type, tried, { fieldManager: fieldManagers.cli, force: true, dryRun: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problems.set(planned, `${titleOf(object)}: ${error.message}`);
    }
  });
  refuseIf(plan.flatMap((planned) => problems.get(planned) ?? []));
}

async function apply(client: KubeClient, { object, type }: Planned): Promise<void> {
  for (const deadline = Date.now() + establishedMs; ; await sleep(100)) {
    try {
      await client.apply(type, object, { fieldManager: fieldManagers.cli, force: true });
      return;
    } catch (error) {
      // A definition that was applied a moment ago is served a moment later.
      const early = isApiError(error, 404) && Date.now() < deadline;
      if (!early)
        throw error instanceof ApiError ? new KasmError(`${titleOf(object)}: ${error.message}`) : error;
    }
  }
}

function refuseIf(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new KasmError(`Nothing was applied:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** Does the work for each item, some of it at once; ends with the first failure. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
