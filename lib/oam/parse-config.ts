import type { NamedConfig, SecretReference } from './application';
import type { Field } from './field';

/** Reads a list of named configurations. */
export function parseConfig(field: Field): NamedConfig[] {
  return field.items().flatMap((at) => {
    if (!at.isMap()) return [];
    at.only(['name', 'properties'], 'refused');
    const name = at.at('name').text();
    const properties = at.at('properties').absent ? undefined : at.at('properties').texts();
    return name === undefined ? [] : [{ name, properties, at }];
  });
}

/** Reads a list of references to secrets. */
export function parseSecrets(field: Field): SecretReference[] {
  return field.items().flatMap((at) => {
    if (!at.isMap()) return [];
    at.only(['name', 'properties'], 'ignored');
    const name = at.at('name').text();
    const properties = at.at('properties');
    if (!properties.isMap()) return [];
    properties.only(['policy', 'key', 'field', 'version'], 'ignored');
    const policy = properties.at('policy').text();
    const key = properties.at('key').text();
    if (name === undefined || policy === undefined || key === undefined) return [];
    const optional = {
      field: properties.at('field').optionalText(),
      version: properties.at('version').optionalText(),
    };
    return [{ name, policy, key, ...optional, at }];
  });
}
