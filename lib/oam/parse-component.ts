import { shown } from '../api/schema';
import { suggest } from '../api/suggest';
import type { Component } from './application';
import type { Field } from './field';
import { parseConfig, parseSecrets } from './parse-config';
import { parseTraits } from './parse-traits';

const roles = { component: 'actor', actor: 'actor', capability: 'provider' } as const;

/** Reads one entry of `spec.components`. */
export function parseComponent(field: Field): Component | undefined {
  if (!field.isMap()) return undefined;
  field.only(['name', 'type', 'properties', 'traits'], 'ignored');
  const name = field.at('name').text();
  const role = roleOf(field.at('type'));
  const properties = field.at('properties');
  if (!properties.isMap()) return undefined;
  properties.only(['image', 'application', 'id', 'config', 'secrets'], 'refused');
  const traits = parseTraits(field.at('traits'));
  const image = properties.at('image').optionalText();
  const shared = sharedOf(properties.at('application'));
  if (image !== undefined && shared !== undefined)
    properties.error(
      'has both image and application: an image makes a component, application names one that is elsewhere',
    );
  if (properties.at('image').absent && properties.at('application').absent)
    properties.error('has neither image nor application: give one of them');
  if (image === '') properties.at('image').error('is empty: name an image');
  const component = {
    image,
    shared,
    id: idOf(properties.at('id')),
    config: parseConfig(properties.at('config')),
    secrets: parseSecrets(properties.at('secrets')),
    ...traits,
    at: field,
  };
  if (shared !== undefined) refuseForShared(component, properties);
  return name === undefined || role === undefined ? undefined : { name, role, ...component };
}

function roleOf(field: Field): 'actor' | 'provider' | undefined {
  const type = field.text();
  if (type === undefined) return undefined;
  if (Object.hasOwn(roles, type)) return roles[type as keyof typeof roles];
  field.error(`must be component or capability, got ${shown(type)}: ${suggest(type, Object.keys(roles))}`);
  return undefined;
}

function sharedOf(field: Field): Component['shared'] {
  if (field.absent || !field.isMap()) return undefined;
  field.only(['name', 'component'], 'ignored');
  const application = field.at('name').text();
  const component = field.at('component').text();
  return application === undefined || component === undefined ? undefined : { application, component };
}

function idOf(field: Field): string | undefined {
  const id = field.optionalText();
  if (id !== undefined && !/^[A-Za-z0-9_-]{1,128}$/.test(id))
    field.error(`must be at most 128 letters, digits, - and _, got ${shown(id)}: choose another id`);
  return id;
}

/** The Application that has a component says how it is configured and scaled. */
function refuseForShared(
  { config, secrets, scaler }: Omit<Component, 'name' | 'role'>,
  properties: Field,
): void {
  if (config.length > 0)
    properties
      .at('config')
      .error('cannot be given to a component of another application: configure it there');
  if (secrets.length > 0)
    properties.at('secrets').error('cannot be given to a component of another application: give them there');
  if (scaler !== undefined)
    scaler.at.error('cannot scale a component of another application: scale it there');
}
