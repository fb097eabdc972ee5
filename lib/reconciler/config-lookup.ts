import { ConfigMapResource, type Observation, conditionTypes } from '../api';
import { type Clock, type KubeClient, monotonicClock } from '../kube';
import type { Placeable } from './binding';

/** How long an answer holds: many objects share one ConfigMap, and each that has no host asks again and again. */
const holdMs = 5_000;
const maxAnswers = 10_000;

/**
 * Looks for the ConfigMaps of what no host has yet, so that one that is missing shows before there is a host. From then on the host
 * watches them. Secrets the reconciler may not read.
 */
export class ConfigLookup {
  private readonly answers = new Map<string, { at: number; found: boolean }>();

  constructor(
    private readonly client: KubeClient,
    private readonly clock: Clock = monotonicClock,
  ) {}

  /** What there is to say about an object's configuration: nothing where it refers to none. */
  async observe(
    { metadata, spec }: Placeable,
    signal: AbortSignal,
  ): Promise<Omit<Observation, 'observedGeneration'>[]> {
    const namespace = metadata.namespace ?? '';
    const { configFrom = [], secretFrom = [] } = spec.config ?? {};
    const type = conditionTypes.configResolved;
    for (const [index, { name, optional }] of configFrom.entries()) {
      if (optional === true || (await this.exists(namespace, name, signal))) continue;
      const message = `spec.config.configFrom[${index}].name: there is no ConfigMap ${namespace}/${name}. Create it, or mark the source as optional`;
      return [{ type, status: 'False', reason: 'ConfigNotFound', message }];
    }
    if (configFrom.length + secretFrom.length === 0) return [];
    const message = 'A host reads it, once there is one';
    return [{ type, status: 'Unknown', reason: 'WaitingForHost', message }];
  }

  private async exists(namespace: string, name: string, signal: AbortSignal): Promise<boolean> {
    const key = `${namespace}/${name}`;
    const known = this.answers.get(key);
    const now = this.clock.now();
    if (known !== undefined && now - known.at < holdMs) return known.found;
    const found = (await this.client.find(ConfigMapResource, { namespace, name }, { signal })) !== undefined;
    // In the order of asking, so that the oldest goes first.
    this.answers.delete(key);
    this.answers.set(key, { at: now, found });
    const oldest = this.answers.keys().next().value;
    if (this.answers.size > maxAnswers && oldest !== undefined) this.answers.delete(oldest);
    return found;
  }
}
