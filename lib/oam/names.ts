import { createHash } from 'node:crypto';
import { shown } from '../api/schema';
import type { Field } from './field';

/** The id that wadm gives a component, a configuration or a secret of an Application. */
export function qualifiedId(application: string, name: string): string {
  const part = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/gu, '_');
  return `${part(application)}-${part(name)}`;
}

const maxLength = 63;

/**
 * The name of a Kubernetes object for an id: in lower case, with dashes for what names may not have, and a hash in place of what is too
 * much. Different ids may get one name: {@link Names} refuses the second.
 */
export function objectName(id: string): string {
  const name = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name !== '' && name.length <= maxLength) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 10);
  return name === ''
    ? `x-${hash}`
    : `${name.slice(0, maxLength - hash.length - 1).replace(/-+$/, '')}-${hash}`;
}

/** The names of one kind of things that are taken, and by what. */
export class Names {
  private readonly taken = new Map<string, { readonly id: string; readonly at: Field }>();

  constructor(private readonly kind: string) {}

  /** Takes the name of an id; reports an error at the field that gives the id when it is another's. */
  take(id: string, at: Field): string {
    const name = objectName(id);
    const other = this.taken.get(name);
    if (other === undefined) this.taken.set(name, { id, at });
    else
      at.error(
        other.id === id
          ? `gives a ${this.kind} the id ${shown(id)} that one in ${other.at.file} has already: choose another`
          : `gives a ${this.kind} the name ${name}, which ${shown(other.id)} in ${other.at.file} has already: choose a name that differs in more than case and signs`,
      );
    return name;
  }
}
