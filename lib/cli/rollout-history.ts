import { stringify } from 'yaml';
import type { WasmCloudDistribution } from '../api';
import { KasmError } from '../base/errors';
import type { History, Revision } from '../reconciler/distribution/history';
import { withCluster } from './cluster';
import { distributionsOf, historyOf, type RolloutOptions, titleOf } from './rollout-target';
import { renderTable } from './table';

export interface RolloutHistoryOptions extends RolloutOptions {
  readonly selector?: string;
  /** The template of this revision instead of the list; 0 is the list. */
  readonly revision: number;
}

/** `kasmcloud rollout history NAME…`: the templates that a distribution had, and the causes of the changes. */
export async function history(names: readonly string[], options: RolloutHistoryOptions): Promise<void> {
  await withCluster(options, async (client) => {
    for (const distribution of await distributionsOf(client, names, options)) {
      const known = await historyOf(client, distribution);
      const { revision } = options;
      process.stdout.write(
        revision === 0 ? listOf(distribution, known) : detailOf(distribution, revisionOf(known, revision)),
      );
    }
  });
}

/**
 * The revision of a number.
 * @throws KasmError when the history does not have it
 */
export function revisionOf(history: History, number: number): Revision {
  const { distribution, revisions } = history;
  if (revisions.length === 0)
    throw new KasmError(
      `No rollout history found for distribution ${distribution.metadata.name}`,
      'Its first revision is written when the reconciler sees it',
    );
  const found = history.byNumber(number);
  if (found !== undefined) return found;
  const known = revisions.map((one) => one.number).join(', ');
  throw new KasmError(
    number === 0
      ? 'There is no revision before the current'
      : `Unable to find specified revision ${number} in history`,
    `The history of ${distribution.metadata.name} has ${known}`,
  );
}

function listOf(distribution: WasmCloudDistribution, { revisions }: History): string {
  const rows = revisions.map(({ number, changeCause }) => [String(number), changeCause ?? '<none>']);
  return `${titleOf(distribution)}\n${renderTable(['REVISION', 'CHANGE-CAUSE'], rows)}\n`;
}

function detailOf(distribution: WasmCloudDistribution, { number, template }: Revision): string {
  const yaml = stringify(template)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('');
  return `${titleOf(distribution)} with revision #${number}\nTemplate:\n${yaml}\n`;
}
