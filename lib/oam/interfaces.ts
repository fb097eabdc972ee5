import { witSlips } from '../api/wit-interfaces';
import type { LinkTrait } from './application';

/** Warns of packages and interfaces that look like slips. */
export function checkInterfaces(link: LinkTrait): void {
  const items = link.at.at('interfaces').items();
  for (const { interface: index, got, remedy } of witSlips(link)) {
    if (index === undefined) link.at.at('package').warn(`is not known: ${got}; ${remedy}`);
    else items[index]?.warn(`is not known in ${link.namespace}:${link.package}: ${got}; ${remedy}`);
  }
}
