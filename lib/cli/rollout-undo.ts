import { KasmError } from '../base/errors';
import { revisionHash } from '../reconciler/distribution/history';
import { withCluster } from './cluster';
import { revisionOf } from './rollout-history';
import {
  changeDistribution,
  distributionsOf,
  historyOf,
  type RolloutChangeOptions,
  tell,
  titleOf,
} from './rollout-target';

export interface RolloutUndoOptions extends RolloutChangeOptions {
  /** 0 is the one before the current. */
  readonly toRevision: number;
}

/** `kasmcloud rollout undo NAME…`: has the reconciler put an earlier template in the place of the present one. */
export async function undo(names: readonly string[], options: RolloutUndoOptions): Promise<void> {
  const { toRevision, dryRun } = options;
  await withCluster(options, async (client) => {
    for (const distribution of await distributionsOf(client, names, options)) {
      const { name } = distribution.metadata;
      if (distribution.spec.paused === true)
        throw new KasmError(
          `${titleOf(distribution)} is paused and cannot be rolled back`,
          `Run \`kasmcloud rollout resume ${name}\` first`,
        );
      const to = revisionOf(await historyOf(client, distribution), toRevision);
      if (to.hash === revisionHash(distribution.spec.template)) {
        const why = `current template already matches revision ${to.number}`;
        tell(distribution, `skipped rollback (${why})`, dryRun);
        continue;
      }
      // By its number: what 0 means may have changed by the time that the reconciler sees it.
      await changeDistribution(
        client,
        distribution,
        { spec: { rollbackTo: { revision: to.number } } },
        dryRun,
      );
      tell(distribution, 'rolled back', dryRun);
    }
  });
}
