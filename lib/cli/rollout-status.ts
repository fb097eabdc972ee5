import {
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  conditionOf,
  conditionTypes,
  isReady,
} from '../api';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import type { KubeClient } from '../kube';
import { withCluster } from './cluster';
import { onInterrupt } from './interrupt';
import { distributionsOf, findDistribution, historyOf, type RolloutOptions } from './rollout-target';

export interface RolloutStatusOptions extends RolloutOptions {
  /** Distributions by label, instead of by name. */
  readonly selector?: string;
  /** Waits until the rollout is done. */
  readonly watch: boolean;
  /** Milliseconds; 0 waits without end. */
  readonly timeout: number;
  /** Fails when another revision than this is rolled out; 0 follows the newest. */
  readonly revision: number;
}

const pollMs = 300;

/**
 * `kasmcloud rollout status NAME…`: tells how far each rollout is, until it is done, one after the other. Fails when one has come to a
 * halt.
 */
export async function rolloutStatus(names: readonly string[], options: RolloutStatusOptions): Promise<void> {
  const signal = onInterrupt('Stopped watching; the rollout goes on');
  await withCluster(options, async (client) => {
    const deadline = options.timeout === 0 ? Infinity : Date.now() + options.timeout;
    for (const { metadata } of await distributionsOf(client, names, options))
      await follow(client, metadata, { ...options, deadline, signal });
  });
}

async function follow(
  client: KubeClient,
  { namespace = '', name }: WasmCloudDistribution['metadata'],
  options: RolloutStatusOptions & { readonly deadline: number; readonly signal: AbortSignal },
): Promise<void> {
  let told = '';
  for (;;) {
    const distribution = await findDistribution(client, namespace, name);
    if (options.revision > 0) {
      const newest = (await historyOf(client, distribution)).newest?.number ?? 0;
      if (newest !== options.revision)
        throw new KasmError(
          `Desired revision (${options.revision}) is different from the running revision (${newest})`,
        );
    }
    const { text, done } = stateOf(distribution);
    if (text !== told) process.stdout.write(`${text}\n`);
    told = text;
    if (done || !options.watch) return;
    if (Date.now() >= options.deadline)
      throw new KasmError(
        `Distribution ${name} was not rolled out in time`,
        'The rollout goes on. Wait longer with --timeout',
      );
    await sleep(pollMs, options.signal);
  }
}

/**
 * What there is to say of a rollout, in the words of kubectl's for Deployments.
 * @throws KasmError when it has come to a halt
 */
export function stateOf(distribution: WasmCloudDistribution): { text: string; done: boolean } {
  const { metadata, spec, status } = distribution;
  const observed = status?.observedGeneration ?? 0;
  if (observed < (metadata.generation ?? 0) || spec.rollbackTo !== undefined)
    return { text: 'Waiting for distribution spec update to be observed...', done: false };
  const progressing = conditionOf(distribution, conditionTypes.progressing);
  // Who has no right to its component id is stalled without having begun.
  const stalled = conditionOf(distribution, conditionTypes.stalled);
  const halt = progressing?.status === 'False' ? progressing : stalled;
  if (halt !== undefined) {
    const what =
      halt.reason === 'ProgressDeadlineExceeded'
        ? 'exceeded its progress deadline'
        : `does not roll out (${halt.reason})`;
    throw new KasmError(
      `${WasmCloudDistributionResource.kind} ${JSON.stringify(metadata.name)} ${what}: ${halt.message}`,
    );
  }
  const { instances = 0, updatedInstances: updated = 0, availableInstances: available = 0 } = status ?? {};
  const desired = status?.rollout?.desired ?? spec.instances ?? 1;
  const waiting = (what: string): { text: string; done: boolean } => ({
    text: `Waiting for distribution ${JSON.stringify(metadata.name)} rollout to finish: ${what}...`,
    done: false,
  });
  if (progressing?.reason === 'CanaryWaits' || progressing?.reason === 'Paused')
    return waiting(progressing.message);
  if (updated < desired) return waiting(`${updated} out of ${desired} new instances have been updated`);
  if (instances > updated) return waiting(`${instances - updated} old instances are pending termination`);
  if (available < updated) return waiting(`${available} of ${updated} updated instances are available`);
  const satisfied = conditionOf(distribution, conditionTypes.spreadSatisfied);
  // What lies elsewhere than asked for, by whenUnsatisfiable, is rolled out all the same.
  if (satisfied?.status === 'False' && !isReady(distribution)) return waiting(satisfied.message);
  if (status?.currentRevision !== status?.updateRevision) return waiting('the new revision proves itself');
  return { text: `distribution ${JSON.stringify(metadata.name)} successfully rolled out`, done: true };
}
