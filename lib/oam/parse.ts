import { shown } from '../api/schema';
import { type Application, oamApiVersion, oamKind, type Policy } from './application';
import type { Field } from './field';
import { parseComponent } from './parse-component';

/** Reads one document. Undefined for what is no Application at all; errors inside one are reported, and the rest of it is read. */
export function parseApplication(root: Field): Application | undefined {
  if (!root.isMap()) return undefined;
  if (!expect(root.at('apiVersion'), oamApiVersion) || !expect(root.at('kind'), oamKind)) return undefined;
  root.only(['apiVersion', 'kind', 'metadata', 'spec'], 'refused');
  const metadata = root.at('metadata');
  const spec = root.at('spec');
  if (!metadata.isMap() || !spec.isMap()) return undefined;
  metadata.only(['name', 'annotations', 'labels'], 'ignored');
  spec.only(['components', 'policies'], 'ignored');
  const name = applicationName(metadata.at('name'));
  if (spec.at('components').absent) spec.at('components').error('is missing: list the components');
  const components = spec.at('components').items().map(parseComponent);
  const policies = spec.at('policies').items().map(parsePolicy);
  if (name === undefined) return undefined;
  return {
    name,
    annotations: annotationsOf(metadata),
    labels: marked(metadata.at('labels')),
    policies: policies.filter((policy) => policy !== undefined),
    components: components.filter((component) => component !== undefined),
    at: root,
  };
}

function expect(field: Field, wanted: string): boolean {
  if (field.value === wanted) return true;
  if (field.absent) field.error(`is missing: a wadm manifest has ${wanted}`);
  else field.error(`must be ${wanted}, got ${shown(field.value)}: give a wadm manifest`);
  return false;
}

function applicationName(field: Field): string | undefined {
  const name = field.text();
  // What \w means to wadm's regular expressions, which are of Unicode.
  if (name !== undefined && !/^[-\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+$/u.test(name))
    field.error(`must be letters, digits, - and _, got ${shown(name)}: choose another name`);
  return name;
}

function annotationsOf(metadata: Field): Record<string, string> {
  const field = metadata.at('annotations');
  if (field.value === undefined) field.error('is missing: wadm wants it, be it empty');
  if (field.at('version').value === 'latest')
    field
      .at('version')
      .error('must not be latest, which stands for the newest one: name a version, or leave it out');
  return marked(field);
}

/** Keys and values whose keys are those of Kubernetes: a name, perhaps behind a domain and a slash. */
function marked(field: Field): Record<string, string> {
  const texts = field.texts();
  for (const key of Object.keys(texts)) {
    const slash = key.indexOf('/');
    const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
    const fit =
      /^(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name) &&
      (prefix === undefined ||
        (prefix.length <= 253 &&
          /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(prefix)));
    if (!fit)
      field
        .at(key)
        .error(
          'has a key that is none: use letters, digits, -, _ and ., perhaps behind a domain in lower case and a slash',
        );
  }
  return texts;
}

function parsePolicy(field: Field): Policy | undefined {
  if (!field.isMap()) return undefined;
  field.only(['name', 'type', 'properties'], 'ignored');
  const name = field.at('name').text();
  const type = field.at('type').text();
  if (field.at('properties').value === undefined) field.at('properties').error('is missing: wadm wants it');
  const properties = field.at('properties').texts();
  return name === undefined || type === undefined ? undefined : { name, type, properties };
}
