import type { WasmCloudLink } from '../../api';
import { conflicts, isActive, linkGroup, precedes } from '../../api/link-conflicts';
import { BY_GROUP, BY_SOURCE, componentKey, type HostContext } from './context';

type Links = Pick<HostContext['links'], 'by'>;

/** Links from a component that are in force, the oldest first: where two claim the same, the first has it. */
export function linksFrom(links: Links, namespace: string, id: string): WasmCloudLink[] {
  return inOrder(links.by(BY_SOURCE, componentKey(namespace, id)));
}

/** Those of `candidates` that are in force and that no older link overrules, the oldest first. */
export function undisputed(links: Links, candidates: readonly WasmCloudLink[]): WasmCloudLink[] {
  return inOrder(candidates).filter(
    (link) => !rivalsOf(links, link).some((other) => isActive(other) && precedes(other, link)),
  );
}

/** Links that claim what a link claims, itself included. */
export function rivalsOf(links: Links, link: WasmCloudLink): WasmCloudLink[] {
  return links.by(BY_GROUP, linkGroup(link)).filter((other) => conflicts(link, other));
}

function inOrder(links: readonly WasmCloudLink[]): WasmCloudLink[] {
  return links.filter(isActive).sort((a, b) => (precedes(a, b) ? -1 : 1));
}
