import type { WasmCloudDistribution } from '../api';
import { KasmError } from '../base/errors';
import type { Patch } from '../kube';
import { withCluster } from './cluster';
import {
  changeDistribution,
  distributionsOf,
  type RolloutChangeOptions,
  tell,
  titleOf,
} from './rollout-target';

/** Annotation of the template that says when a restart was asked for; another value is another revision. */
const RESTARTED_AT = 'kasmcloud.io/restartedAt';

/** `kasmcloud rollout pause NAME…`: holds rollouts where they are. */
export function pause(names: readonly string[], options: RolloutChangeOptions): Promise<void> {
  return changeEach(names, options, 'paused', (distribution) => {
    if (distribution.spec.paused === true) throw new KasmError(`${titleOf(distribution)} is already paused`);
    return { spec: { paused: true } };
  });
}

/** `kasmcloud rollout resume NAME…`: lets them go on. */
export function resume(names: readonly string[], options: RolloutChangeOptions): Promise<void> {
  return changeEach(names, options, 'resumed', (distribution) => {
    if (distribution.spec.paused !== true) throw new KasmError(`${titleOf(distribution)} is not paused`);
    return { spec: { paused: null } };
  });
}

/** `kasmcloud rollout restart NAME…`: replaces everything by the strategy, as after a change of the template. */
export function restart(names: readonly string[], options: RolloutChangeOptions): Promise<void> {
  const restartedAt = new Date().toISOString();
  return changeEach(names, options, 'restarted', (distribution) => {
    if (distribution.spec.paused === true)
      throw new KasmError(
        `${titleOf(distribution)} is paused and cannot be restarted`,
        `Run \`kasmcloud rollout resume ${distribution.metadata.name}\` first`,
      );
    return { spec: { template: { metadata: { annotations: { [RESTARTED_AT]: restartedAt } } } } };
  });
}

async function changeEach(
  names: readonly string[],
  options: RolloutChangeOptions,
  done: string,
  patchFor: (distribution: WasmCloudDistribution) => Patch,
): Promise<void> {
  await withCluster(options, async (client) => {
    for (const distribution of await distributionsOf(client, names, options)) {
      await changeDistribution(client, distribution, patchFor(distribution), options.dryRun);
      tell(distribution, done, options.dryRun);
    }
  });
}
