import {
  type ControllerRevision,
  ControllerRevisionResource,
  fieldManagers,
  labels,
  labelValue,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
} from '../../api';
import { isApiError, type EventText, type JsonPatchOperation, type KubeClient } from '../../kube';
import { ownersOf } from './child';
import { CHANGE_CAUSE, type History, type Revision, revisionHash, revisionName } from './history';

const fieldManager = fieldManagers.reconciler;

/**
 * Makes the present template the newest of the history, as a ControllerRevision that the distribution owns.
 * @returns what was written of it, if anything was
 */
export async function recordRevision(
  client: KubeClient,
  history: History,
  signal: AbortSignal,
): Promise<ControllerRevision | undefined> {
  const { distribution, newest } = history;
  const { name, namespace, annotations } = distribution.metadata;
  const { template } = distribution.spec;
  const hash = revisionHash(template);
  const known = history.find(hash);
  const changeCause = annotations?.[CHANGE_CAUSE];
  const metadata = { ...(changeCause !== undefined && { annotations: { [CHANGE_CAUSE]: changeCause } }) };
  const number = known !== undefined && known === newest ? known.number : (newest?.number ?? 0) + 1;
  if (known !== undefined) {
    if (known === newest && (changeCause === undefined || changeCause === known.changeCause))
      return undefined;
    const key = { name: known.name, namespace };
    const change = { metadata, revision: number };
    return client.patch(ControllerRevisionResource, key, change, { fieldManager, signal });
  }
  try {
    return await client.create(
      ControllerRevisionResource,
      {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          ...metadata,
          name: revisionName(name, hash),
          ...(namespace !== undefined && { namespace }),
          labels: { [labels.distribution]: labelValue(name), [labels.revision]: hash },
          ownerReferences: ownersOf(distribution),
        },
        data: { template },
        revision: number,
      },
      { fieldManager, signal },
    );
  } catch (error) {
    // Made by the pass before, and not seen yet.
    if (!isApiError(error, 409)) throw error;
    return undefined;
  }
}

/** Takes revisions back that have lost their owner, as by a deletion of the distribution that orphans; returns them as they are then. */
export async function adoptRevisions(
  client: KubeClient,
  distribution: WasmCloudDistribution,
  orphans: readonly ControllerRevision[],
  signal: AbortSignal,
): Promise<ControllerRevision[]> {
  const ownerReferences = ownersOf(distribution);
  return Promise.all(
    orphans.map(({ metadata: { name, namespace, uid, resourceVersion } }) =>
      client.patch(
        ControllerRevisionResource,
        { name, namespace },
        { metadata: { uid, resourceVersion, ownerReferences } },
        { fieldManager, signal },
      ),
    ),
  );
}

/** Forgets revisions beyond `spec.revisionHistoryLimit`. */
export async function pruneHistory(
  client: KubeClient,
  history: History,
  inUse: ReadonlySet<string | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, spec } = history.distribution;
  for (const { name } of history.surplus(spec.revisionHistoryLimit ?? 10, inUse)) {
    await client.delete(
      ControllerRevisionResource,
      { name, namespace: metadata.namespace },
      { propagationPolicy: 'Background', signal },
    );
  }
}

/**
 * Does what `spec.rollbackTo` asks for and removes it, as kubectl's first rollbacks did; what cannot be done is told by the event.
 * The change of the template brings the next pass.
 */
export async function obeyRollback(
  client: KubeClient,
  history: History,
  signal: AbortSignal,
): Promise<EventText> {
  const { distribution } = history;
  const number = distribution.spec.rollbackTo?.revision ?? 0;
  const to = history.byNumber(number);
  const clear: JsonPatchOperation = { op: 'remove', path: '/spec/rollbackTo' };
  const event = (type: NonNullable<EventText['type']>, reason: string, note: string): EventText => ({
    type,
    reason,
    action: 'RollingBack',
    note,
  });
  if (to === undefined) {
    await patchSpec(client, distribution, [clear], signal);
    const known = history.revisions.map((one) => one.number).join(', ');
    const asked = number === 0 ? 'no revision before the current' : `no revision ${number}`;
    return event(
      'Warning',
      'RollbackRevisionNotFound',
      `There is ${asked}; the history has ${known || 'none'}`,
    );
  }
  if (to.hash === revisionHash(distribution.spec.template)) {
    await patchSpec(client, distribution, [clear], signal);
    return event(
      'Warning',
      'RollbackTemplateUnchanged',
      `Revision ${to.number} is what the template is already`,
    );
  }
  await rollBack(client, distribution, to, signal, [clear]);
  return event('Normal', 'RolledBack', `Rolled back to revision ${to.number}`);
}

/**
 * Puts an earlier template in the place of the present one, with the cause that it came with, unless somebody has changed the distribution
 * meanwhile.
 */
export async function rollBack(
  client: KubeClient,
  distribution: WasmCloudDistribution,
  to: Revision,
  signal: AbortSignal,
  more: readonly JsonPatchOperation[] = [],
): Promise<void> {
  const replace: JsonPatchOperation = { op: 'replace', path: '/spec/template', value: to.template };
  await patchSpec(client, distribution, [replace, ...causeOf(distribution, to), ...more], signal);
}

/** What makes the annotation tell of the revision gone back to, as kubectl's does: it told of the one that is given up. */
function causeOf({ metadata }: WasmCloudDistribution, { changeCause }: Revision): JsonPatchOperation[] {
  const path = `/metadata/annotations/${CHANGE_CAUSE.replace('/', '~1')}`;
  if (changeCause === metadata.annotations?.[CHANGE_CAUSE]) return [];
  if (changeCause === undefined) return [{ op: 'remove', path }];
  if (metadata.annotations !== undefined) return [{ op: 'add', path, value: changeCause }];
  return [{ op: 'add', path: '/metadata/annotations', value: { [CHANGE_CAUSE]: changeCause } }];
}

async function patchSpec(
  client: KubeClient,
  { metadata }: WasmCloudDistribution,
  changes: readonly JsonPatchOperation[],
  signal: AbortSignal,
): Promise<void> {
  // Refused with a conflict when it is no longer what was looked at.
  const unchanged: JsonPatchOperation = {
    op: 'replace',
    path: '/metadata/resourceVersion',
    value: metadata.resourceVersion,
  };
  await client.patch(WasmCloudDistributionResource, metadata, [unchanged, ...changes], {
    fieldManager,
    signal,
  });
}
