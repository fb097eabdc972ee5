import type { WasmCloudLink } from '../../api';
import { BY_SOURCE, componentKey, type HostContext } from './context';

/** Links from a component that are in force, the oldest first: where two claim the same, the first has it. */
export function linksFrom(
  context: Pick<HostContext, 'links'>,
  namespace: string,
  id: string,
): WasmCloudLink[] {
  return inForce(context.links.by(BY_SOURCE, componentKey(namespace, id)));
}

/** Those of `links` that are in force, the oldest first. */
export function inForce(links: readonly WasmCloudLink[]): WasmCloudLink[] {
  const age = ({ metadata }: WasmCloudLink): string => `${metadata.creationTimestamp} ${metadata.name}`;
  return links
    .filter(({ metadata, spec }) => !metadata.deletionTimestamp && spec.managementPolicy !== 'Observe')
    .sort((a, b) => (age(a) < age(b) ? -1 : 1));
}
