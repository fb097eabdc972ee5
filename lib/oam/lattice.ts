import { shown } from '../api/schema';
import { suggest } from '../api/suggest';
import { type Application, type Component, sharedAnnotation } from './application';
import { qualifiedId } from './names';

/** A component of an Application, with the id by which the lattice knows it. */
export interface Placed {
  readonly application: Application;
  readonly component: Component;
  readonly id: string;
}

/** The Applications of one lattice together: finds components by name, those of other Applications too. */
export class Lattice {
  private readonly applications = new Map<string, Application>();

  /** Reports Applications of one name. */
  constructor(readonly all: readonly Application[]) {
    for (const application of all) {
      const { name, at } = application;
      const first = this.applications.get(name);
      if (first !== undefined)
        at.at('metadata')
          .at('name')
          .error(
            `must be that of one application only, got ${shown(name)}, which is in ${first.at.file} too: choose another name`,
          );
      else this.applications.set(name, application);
    }
  }

  /** A component by its name in an Application. Where it stands for one of another Application, that one; undefined when there is none. */
  find(application: Application, name: string): Placed | undefined {
    const component = application.components.find((each) => each.name === name);
    if (component === undefined) return undefined;
    const { shared } = component;
    if (shared === undefined) return { application, component, id: idOf(application, component) };
    const other = this.applications.get(shared.application);
    const found = other?.components.find((each) => each.name === shared.component);
    if (other === undefined || found?.image === undefined) return undefined;
    return { application: other, component: found, id: idOf(other, found) };
  }

  /** Reports a stand-in for a component that is not there, is another kind of thing, or is not to be shared. */
  checkShared({ shared, role, id, at }: Component): void {
    if (shared === undefined) return;
    const field = at.at('properties').at('application');
    const other = this.applications.get(shared.application);
    if (other === undefined) {
      field
        .at('name')
        .error(
          `names no application that was given, got ${shown(shared.application)}: give its manifest as well`,
        );
      return;
    }
    const found = other.components.find((each) => each.name === shared.component);
    if (found === undefined) {
      const names = other.components.map(({ name }) => name);
      field
        .at('component')
        .error(
          `names no component of ${other.name}, got ${shown(shared.component)}: ${suggest(shared.component, names)}`,
        );
      return;
    }
    if (found.image === undefined)
      field.error(
        `names a component without an image, ${shared.application}/${shared.component}: name the one that it stands for`,
      );
    else if (other.annotations[sharedAnnotation] !== 'true')
      field.error(
        `names a component of ${other.name}, which does not share: annotate that application with ${sharedAnnotation}: 'true'`,
      );
    else if (found.role !== role)
      at.at('type').error(
        `must be that of ${shared.application}/${shared.component}: one of them is a component, the other a capability`,
      );
    else if (id !== undefined && id !== idOf(other, found))
      at.at('properties')
        .at('id')
        .error(`must be that of ${shared.application}/${shared.component}, got ${shown(id)}: leave it out`);
  }
}

/** The id of a component of an Application: the one that was given, else what wadm makes. */
export function idOf({ name }: Application, component: Component): string {
  return component.id ?? qualifiedId(name, component.name);
}
