import type { KubeObject, WasmCloudDistribution } from '../../api';
import { BY_COMPONENT, type Caches, componentKey } from '../caches';
import { componentIdOfDistribution } from '../component-id';
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

/** The distribution that had the component id of an actor or provider before it. */
export function olderDistribution(
  { distributions }: Caches,
  child: Child,
  componentId: string,
): WasmCloudDistribution | undefined {
  if (distributionOf(child) !== undefined || child.spec.managementPolicy === 'Observe') return undefined;
  return distributions
    .by(BY_COMPONENT, componentKey(child.metadata.namespace, componentId))
    .find((rival) => rival.metadata.deletionTimestamp === undefined && precedes(rival, child));
}

/** Whether `a` was there first; of twins the one with the smaller kind and name. */
function precedes(a: KubeObject, b: KubeObject): boolean {
  const order = ({ kind, metadata }: KubeObject): string =>
    [metadata.creationTimestamp ?? '', kind, metadata.name].join(' ');
  return order(a) < order(b);
}
