import { createHmac } from 'node:crypto';
import { type Config, conditionTypes } from '../../api';
import { TerminalError } from '../../base/errors';
import { secretValue, type SecretValue, type SecretValues } from '../../lattice/provider-contract';
import type { Reference, Sources } from './references';
import type { Report } from './report';

/** Configuration with every source looked up. */
export type Values = Readonly<Record<string, string>>;

/** The objects that a configuration refers to. */
export function configReferences(namespace: string, config: Config | undefined): Reference[] {
  return [
    ...(config?.configFrom ?? []).map(({ name }) => ({ kind: 'ConfigMap' as const, namespace, name })),
    ...(config?.secretFrom ?? []).map(({ name }) => ({ kind: 'Secret' as const, namespace, name })),
  ];
}

/**
 * Merges a configuration in the order values, configFrom, secretFrom; where a key occurs twice the later source wins.
 * @param path of the configuration in its object, for messages
 * @throws TerminalError `ConfigNotFound` when a source is missing that is not optional
 */
export function mergeConfig(
  path: string,
  namespace: string,
  config: Config | undefined,
  sources: Sources,
): Values {
  const merged: Record<string, string> = { ...config?.values };
  for (const [index, { name, optional }] of (config?.configFrom ?? []).entries()) {
    const found = sources.configMap(namespace, name, optional === true);
    if (found === undefined && optional !== true)
      throw missing(`${path}.configFrom[${index}].name`, `ConfigMap ${namespace}/${name}`);
    Object.assign(merged, found?.data, decoded(found?.binaryData));
  }
  for (const [index, { name, optional }] of (config?.secretFrom ?? []).entries()) {
    const found = sources.secret(namespace, name, optional === true);
    if (found === undefined && optional !== true)
      throw missing(`${path}.secretFrom[${index}].name`, `Secret ${namespace}/${name}`);
    Object.assign(merged, decoded(found?.data));
  }
  return merged;
}

/**
 * The secrets of a configuration; where a name occurs twice the later source wins.
 * @param path of the configuration in its object, for messages
 * @throws TerminalError `ConfigNotFound` when a Secret is missing that is not optional
 */
export function mergeSecrets(
  path: string,
  namespace: string,
  config: Config | undefined,
  sources: Sources,
): SecretValues {
  const merged: Record<string, SecretValue> = {};
  for (const [index, { name, optional }] of (config?.secretFrom ?? []).entries()) {
    const found = sources.secret(namespace, name, optional === true);
    if (found === undefined && optional !== true)
      throw missing(`${path}.secretFrom[${index}].name`, `Secret ${namespace}/${name}`);
    for (const [key, value] of Object.entries(found?.data ?? {}))
      merged[key] = secretValue(Buffer.from(value, 'base64'));
  }
  return merged;
}

/** Tells that all of a configuration was found, as it is or was. */
export function observeSources(report: Report, { deleted }: Sources): void {
  if (deleted.length === 0) return report.observe(conditionTypes.configResolved, 'True', 'Resolved');
  report.observe(
    conditionTypes.configResolved,
    'False',
    'ConfigDeleted',
    `Deleted while in use: ${deleted.join(', ')}. What it held stays in force until the host starts again: create it again, or refer to it no more`,
  );
}

/** Short text that differs when the values do. Keyed, so that a reader of the status cannot find a secret by trying. */
export function configHash(values: Values, key: string): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', key).update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}

function decoded(data: Readonly<Record<string, string>> | undefined): Values {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

function missing(path: string, what: string): TerminalError {
  return new TerminalError(
    'ConfigNotFound',
    `${path}: there is no ${what}`,
    'Create it, or mark the source as optional',
  );
}
