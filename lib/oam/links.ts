import type { LinkEnd, LinkTrait } from './application';
import type { Placed } from './lattice';
import { writtenSecret } from './notes';

/** A link between two components of the lattice. */
export interface PlacedLink {
  readonly source: Placed;
  readonly target: Placed;
  readonly link: LinkTrait;
  readonly interfaces: readonly string[];
}

/**
 * The links that a lattice can hold: it tells links apart by source, target, package and name. Those that are stated twice or in parts
 * are joined, with a warning; those that contradict each other are reported.
 */
export function joinLinks(links: readonly PlacedLink[]): PlacedLink[] {
  const joined: PlacedLink[] = [];
  for (const link of links) {
    const rivals = joined.filter((other) => wireKey(other) === wireKey(link));
    const twin = rivals.find(({ target }) => target.id === link.target.id);
    const shared = rivals
      .flatMap(({ interfaces }) => interfaces)
      .find((one) => link.interfaces.includes(one));
    const { at, name = 'default', namespace, package: pkg } = link.link;
    if (twin !== undefined && told(twin) === told(link)) {
      at.warn(
        shared !== undefined
          ? `links ${namespace}:${pkg}/${shared} to ${link.link.target} again: it is taken once`
          : `links ${namespace}:${pkg} to ${link.link.target} as another link does, and a lattice has one for both: they are joined`,
      );
      joined[joined.indexOf(twin)] = {
        ...twin,
        interfaces: [...new Set([...twin.interfaces, ...link.interfaces])],
      };
    } else if (twin !== undefined || shared !== undefined) {
      at.error(
        `cannot be told from another link of ${link.source.id} by the name "${name}" over ${namespace}:${pkg}${shared === undefined ? '' : `/${shared}`}: give one of them another name`,
      );
    } else joined.push(link);
  }
  return joined;
}

function wireKey({ source, link }: PlacedLink): string {
  return [source.id, link.namespace, link.package, link.name ?? 'default'].join(' ');
}

/** What the ends are told, for comparison. */
function told({ link }: PlacedLink): string {
  const end = ({ config, secrets }: LinkEnd): unknown => [
    config.map(({ name, properties }) => [name, properties]),
    secrets.map(writtenSecret),
  ];
  return JSON.stringify([end(link.source), end(link.destination)]);
}
