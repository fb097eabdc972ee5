import { type KubeObject, type Observation, type WasmCloudDistribution, conditionTypes } from '../../api';
import { BY_COMPONENT, type Caches, componentKey } from '../caches';
import { componentIdOf, componentIdOfDistribution } from '../component-id';
import { type Child, distributionOf, isMarked } from './child';

/** Something else with the component id of a distribution, that is older and therefore keeps it. */
export function olderRival(
  { distributions, actors, providers }: Caches,
  distribution: WasmCloudDistribution,
): KubeObject | undefined {
  const key = componentKey(distribution.metadata.namespace, componentIdOfDistribution(distribution));
  const alone = (child: Child): boolean =>
    distributionOf(child) === undefined &&
    child.spec.managementPolicy !== 'Observe' &&
    // One whose owner somebody has removed by hand is taken back.
    !isMarked(child, distribution.metadata.name);
  const rivals: KubeObject[] = [
    ...distributions
      .by(BY_COMPONENT, key)
      .filter(({ metadata }) => metadata.uid !== distribution.metadata.uid),
    ...actors.by(BY_COMPONENT, key).filter(alone),
    ...providers.by(BY_COMPONENT, key).filter(alone),
  ];
  return rivals
    .filter((rival) => rival.metadata.deletionTimestamp === undefined && precedes(rival, distribution))
    .sort((a, b) => (precedes(a, b) ? -1 : 1))[0];
}

/**
 * What is to be said of an actor or provider whose component id a distribution had before it. Nothing ends it: calls reach both.
 */
export function claimOf(
  { distributions }: Caches,
  child: Child,
): Omit<Observation, 'observedGeneration'> | undefined {
  if (distributionOf(child) !== undefined || child.spec.managementPolicy === 'Observe') return undefined;
  const id = componentIdOf(child);
  const owner = distributions
    .by(BY_COMPONENT, componentKey(child.metadata.namespace, id))
    .find(({ metadata }) => metadata.deletionTimestamp === undefined && !isMarked(child, metadata.name));
  if (owner === undefined || !precedes(owner, child)) return undefined;
  const { name } = owner.metadata;
  return {
    type: conditionTypes.conflict,
    status: 'True',
    reason: 'ComponentIdConflict',
    message: `WasmCloudDistribution ${name} has the component id ${id} and is older; calls reach this one as well. Delete it, or create it with another componentId`,
  };
}

/** Whether `a` was there first; of twins the one with the smaller kind and name. */
function precedes(a: KubeObject, b: KubeObject): boolean {
  const order = ({ kind, metadata }: KubeObject): string =>
    [metadata.creationTimestamp ?? '', kind, metadata.name].join(' ');
  return order(a) < order(b);
}
