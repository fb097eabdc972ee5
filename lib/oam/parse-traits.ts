import { suggest } from '../api/suggest';
import type { Component, HostGroup, LinkEnd, LinkTrait, Scaler } from './application';
import type { Field } from './field';
import { parseConfig, parseSecrets } from './parse-config';

type Traits = Pick<Component, 'scaler' | 'links' | 'custom'>;

const knownTraits = ['spreadscaler', 'daemonscaler', 'link'];

/** Reads the traits of a component. */
export function parseTraits(field: Field): Traits {
  const scalers: Scaler[] = [];
  const links: LinkTrait[] = [];
  const custom: Component['custom'][number][] = [];
  for (const trait of field.items()) {
    if (!trait.isMap()) continue;
    trait.only(['type', 'properties'], 'refused');
    const type = trait.at('type').text();
    const properties = trait.at('properties');
    if (type === undefined) continue;
    if (!knownTraits.includes(type)) {
      if (properties.value === undefined) properties.error('is missing: wadm wants it');
      trait.warn(
        `is of a type that does nothing, got ${type}: it is kept as an annotation; ${suggest(type, knownTraits)}`,
      );
      custom.push({ type, properties: properties.value ?? null });
    } else if (properties.isMap()) {
      const scaler =
        type === 'link' ? undefined : parseScaler(properties, type === 'daemonscaler' ? 'daemon' : 'spread');
      const link = type === 'link' ? parseLink(properties) : undefined;
      if (scaler !== undefined) scalers.push(scaler);
      if (link !== undefined) links.push(link);
    }
  }
  for (const second of scalers.slice(1))
    second.at.error(
      'scales a component that is scaled already: join the scalers into one, with a spread for each group of hosts',
    );
  return { scaler: scalers[0], links, custom };
}

function parseScaler(at: Field, mode: Scaler['mode']): Scaler | undefined {
  at.only(['instances', 'replicas', 'spread'], 'refused');
  const { instances, replicas } = { instances: at.at('instances'), replicas: at.at('replicas') };
  if (!instances.absent && !replicas.absent)
    replicas.error('is another word for instances: give one of them');
  if (instances.absent && replicas.absent) instances.error('is missing: say how many');
  const count = (instances.absent ? replicas : instances).count();
  const groups = at.at('spread').items().flatMap(parseGroup);
  refuseTwins(groups);
  const weighty = groups.some(({ weight }) => weight !== 0);
  if (mode === 'spread' && groups.length > 0 && !weighty)
    at.at('spread').error('has no weight above 0, so nobody gets a share: give one of them a weight');
  return count === undefined ? undefined : { mode, instances: count, groups, at };
}

function parseGroup(at: Field): HostGroup[] {
  if (!at.isMap()) return [];
  at.only(['name', 'requirements', 'weight'], 'refused');
  const name = at.at('name').text();
  if (at.at('requirements').value === undefined)
    at.at('requirements').error('is missing: give the labels of the hosts, {} for all of them');
  const requirements = at.at('requirements').texts();
  const weight = at.at('weight').count();
  return name === undefined ? [] : [{ name, requirements, weight, at }];
}

function refuseTwins(groups: readonly HostGroup[]): void {
  const names = new Set<string>();
  for (const { name, at } of groups) {
    if (names.has(name))
      at.at('name').error(`must differ from the others, got ${name} twice: choose another name`);
    names.add(name);
  }
}

const linkKeys = [
  'target',
  'namespace',
  'package',
  'interfaces',
  'name',
  'source',
  'source_config',
  'target_config',
];

function parseLink(at: Field): LinkTrait | undefined {
  at.only(linkKeys, 'ignored');
  const interfaces = at.at('interfaces');
  if (interfaces.absent) interfaces.error('is missing: list the interfaces');
  else if (Array.isArray(interfaces.value) && interfaces.value.length === 0)
    interfaces.error('is empty: list the interfaces');
  const { name: target, end: destination } = targetOf(at);
  const link = {
    name: at.at('name').optionalText(),
    namespace: at.at('namespace').text(),
    package: at.at('package').text(),
    interfaces: interfaces.items().flatMap((item) => item.text() ?? []),
    source: sourceOf(at),
    destination,
    at,
  };
  if (target === undefined || link.namespace === undefined || link.package === undefined) return undefined;
  return { ...link, target, namespace: link.namespace, package: link.package };
}

/** The target, in its present form or as the name alone with `target_config` beside it. */
function targetOf(at: Field): { name: string | undefined; end: LinkEnd } {
  const target = at.at('target');
  const old = at.at('target_config');
  const oldConfig = parseConfig(old);
  if (!old.absent) old.warn('is deprecated: put it into target.config');
  if (typeof target.value === 'string') {
    target.warn('as a text is deprecated: put it into target.name');
    return { name: target.value, end: { config: oldConfig, secrets: [] } };
  }
  const none = { name: undefined, end: { config: [], secrets: [] } };
  if (!target.isMap()) return none;
  target.only(['name', 'config', 'secrets'], 'ignored');
  if (!old.absent) old.warn('is ignored, as wadm does, beside a target with keys: put it into target.config');
  return {
    name: target.at('name').text(),
    end: { config: parseConfig(target.at('config')), secrets: parseSecrets(target.at('secrets')) },
  };
}

function sourceOf(at: Field): LinkEnd {
  const old = at.at('source_config');
  const source = at.at('source');
  const oldConfig = parseConfig(old);
  if (!old.absent) old.warn('is deprecated: put it into source.config');
  if (source.absent) return { config: oldConfig, secrets: [] };
  if (!old.absent) old.warn('is ignored, as wadm does, beside source: put it into source.config');
  if (!source.isMap()) return { config: [], secrets: [] };
  source.only(['config', 'secrets'], 'ignored');
  return { config: parseConfig(source.at('config')), secrets: parseSecrets(source.at('secrets')) };
}
