import { setMaxListeners } from 'node:events';
import {
  type ResourceType,
  WasmCloudActorResource,
  WasmCloudProviderResource,
  fieldManagers,
} from '../../api';
import { type JsonPatchOperation, type KubeClient, covers, keyOf } from '../../kube';
import { type Child, instancesOf } from './child';
import { straysIn } from './strays';

/** Requests under way at a time. */
const parallel = 8;

/** What is to be written so that what there is becomes what there is to be. */
export interface Changes {
  readonly remove: readonly Child[];
  /** What is removed where nobody runs, which makes no room. */
  readonly clear: readonly Child[];
  readonly shrink: readonly Child[];
  readonly grow: readonly Child[];
  readonly create: readonly Child[];
  /** What people added by hand and is taken away again. */
  readonly clean: readonly { readonly child: Child; readonly operations: readonly JsonPatchOperation[] }[];
}

/**
 * What differs between the objects that there are and those that there are to be, each with its name.
 * @param isLost Whether nobody runs the host of an object
 */
export function changesBetween(
  present: readonly Child[],
  wanted: readonly Child[],
  isLost: (child: Child) => boolean,
): Changes {
  const before = new Map(present.map((child) => [keyOf(child), child]));
  const changes = {
    remove: [] as Child[],
    clear: [] as Child[],
    shrink: [] as Child[],
    grow: [] as Child[],
    create: [] as Child[],
    clean: [] as Changes['clean'][number][],
  };
  for (const child of wanted) {
    const old = before.get(keyOf(child));
    before.delete(keyOf(child));
    if (old === undefined) changes.create.push(child);
    // What is on its way out makes room for its successor first.
    else if (old.metadata.deletionTimestamp === undefined) {
      const operations = straysIn(old, child);
      if (operations.length > 0) changes.clean.push({ child: old, operations });
      else if (!isAs(old, child))
        changes[instancesOf(child) < instancesOf(old) ? 'shrink' : 'grow'].push(child);
    }
  }
  for (const child of before.values()) {
    if (child.metadata.deletionTimestamp === undefined)
      changes[isLost(child) ? 'clear' : 'remove'].push(child);
  }
  return changes;
}

/** Told of every write that succeeded. */
export interface Written {
  applied(child: Child): void;
  deleted(child: Child): void;
}

/**
 * Writes changes: what makes room before what takes it, and each part of it at once. What fails does not keep the rest of its part from
 * being written.
 * @throws the first error
 */
export async function applyChanges(
  client: KubeClient,
  { remove, clear, shrink, grow, create, clean }: Changes,
  written: Written,
  signal: AbortSignal,
): Promise<void> {
  const apply = async (child: Child): Promise<void> => {
    const options = { fieldManager: fieldManagers.reconciler, force: true, signal };
    written.applied(await client.apply(typeOf(child), child, options));
  };
  const restore = async (child: Child, operations: readonly JsonPatchOperation[]): Promise<void> => {
    const { resourceVersion } = child.metadata;
    const unchanged = { op: 'replace' as const, path: '/metadata/resourceVersion', value: resourceVersion };
    const options = { fieldManager: fieldManagers.reconciler, signal };
    written.applied(await client.patch(typeOf(child), child.metadata, [unchanged, ...operations], options));
  };
  const end = async (child: Child): Promise<void> => {
    const { uid } = child.metadata;
    await client.delete(typeOf(child), child.metadata, { uid, signal });
    written.deleted(child);
  };
  // Each request listens to it while it is under way, and 11 would be taken for a leak.
  setMaxListeners(2 * parallel, signal);
  await each([...remove.map((child) => () => end(child)), ...shrink.map((child) => () => apply(child))]);
  await each([
    ...[...grow, ...create].map((child) => () => apply(child)),
    ...clean.map(
      ({ child, operations }) =>
        () =>
          restore(child, operations),
    ),
  ]);
  await each(clear.map((child) => () => end(child)));
}

function typeOf(child: Child): ResourceType<Child> {
  const type = child.kind === 'WasmCloudActor' ? WasmCloudActorResource : WasmCloudProviderResource;
  return type;
}

/** Whether an object has all that is applied to it. */
function isAs(actual: Child, wanted: Child): boolean {
  const { labels, annotations, ownerReferences } = wanted.metadata;
  return (
    covers(actual.metadata, { labels, annotations, ownerReferences }) && covers(actual.spec, wanted.spec)
  );
}

async function each(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = tasks.values();
  const errors: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const task of queue) await task().catch((error: unknown) => errors.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(parallel, tasks.length) }, work));
  if (errors.length > 0) throw errors[0];
}
