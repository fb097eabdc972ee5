import type { Config, ConfigMap } from '../api';
import { plainSecrets } from '../api/plain-secrets';
import { shown } from '../api/schema';
import type { Application, LinkEnd, NamedConfig, SecretReference } from './application';
import { Names, objectName, qualifiedId } from './names';
import { writtenSecret } from './notes';

/** A configuration of an Application that becomes a ConfigMap. */
export interface Source {
  readonly application: Application;
  readonly config: NamedConfig & { readonly properties: Readonly<Record<string, string>> };
  readonly objectName: string;
}

/** The configurations and secrets that the components and links of all Applications name: each becomes one object, or refers to one. */
export class Sources {
  /** Configurations in the order in which they were first named. */
  readonly configs = new Map<string, Source>();

  private readonly configNames = new Names('configuration');
  private readonly secretNames = new Names('secret');
  private readonly secrets = new Map<string, string>();
  private readonly references = new Map<string, NamedConfig>();

  constructor(private readonly namespace: string) {}

  /** What a spec says of the configuration and the secrets of a component or of one end of a link; undefined for none. */
  configOf(application: Application, { config, secrets }: LinkEnd): Config | undefined {
    const configFrom = config.map((each) => ({ name: this.configMapFor(application, each) }));
    const secretFrom = secrets.map((each) => ({ name: this.secretFor(application, each) }));
    if (configFrom.length === 0 && secretFrom.length === 0) return undefined;
    return { ...(configFrom.length > 0 && { configFrom }), ...(secretFrom.length > 0 && { secretFrom }) };
  }

  /** Warns of the configurations that nobody here makes. To be called when everything was named. */
  tellOfMissing(): void {
    const made = new Set([...this.configs.values()].map((source) => source.objectName));
    for (const [name, { at }] of this.references) {
      if (!made.has(name))
        at.warn(
          `has no properties: ConfigMap ${this.namespace}/${name} must be there, made by somebody else`,
        );
    }
  }

  private configMapFor(application: Application, config: NamedConfig): string {
    const { name, properties, at } = config;
    if (properties === undefined) {
      const reference = objectName(name);
      if (!this.references.has(reference)) this.references.set(reference, config);
      return reference;
    }
    const id = qualifiedId(application.name, name);
    const known = this.configs.get(id);
    if (known !== undefined) {
      if (JSON.stringify(sorted(known.config.properties)) !== JSON.stringify(sorted(properties)))
        at.error(
          `gives the configuration ${shown(name)} other properties than elsewhere: choose another name`,
        );
      return known.objectName;
    }
    for (const key of Object.keys(properties)) {
      if (!/^[-._A-Za-z0-9]{1,253}$/.test(key))
        at.at('properties')
          .at(key)
          .error('has a key that no ConfigMap can have: use letters, digits, -, _ and .');
    }
    for (const { key, reason } of plainSecrets(properties))
      at.at('properties')
        .at(key)
        .warn(
          `${reason}, which would stand in a ConfigMap for everybody to read: make it a secret of the manifest`,
        );
    const taken = this.configNames.take(id, at.at('name'));
    this.configs.set(id, { application, config: { ...config, properties }, objectName: taken });
    return taken;
  }

  private secretFor(application: Application, secret: SecretReference): string {
    const id = qualifiedId(application.name, secret.name);
    const place = JSON.stringify(writtenSecret(secret));
    const known = this.secrets.get(id);
    if (known === undefined) {
      this.secrets.set(id, place);
      this.secretNames.take(id, secret.at.at('name'));
      if (!/^[-._A-Za-z0-9]{1,253}$/.test(secret.name))
        secret.at
          .at('name')
          .error(
            `is no key that a Secret can have, got ${shown(secret.name)}: use letters, digits, -, _ and .`,
          );
      secret.at.warn(this.instruction(application, secret));
    } else if (known !== place)
      secret.at.error(
        `says that the secret ${shown(secret.name)} is elsewhere than another of that name: choose another name`,
      );
    return objectName(id);
  }

  private instruction({ name: application, policies }: Application, secret: SecretReference): string {
    const { name, policy, key, field, version } = secret;
    const backend = policies.find((each) => each.name === policy)?.properties['backend'] ?? policy;
    const where = [
      `key ${key}`,
      ...(field === undefined ? [] : [`field ${field}`]),
      ...(version === undefined ? [] : [`version ${version}`]),
    ];
    return `comes from Secret ${this.namespace}/${objectName(qualifiedId(application, name))}, key ${name}: put there what the backend ${backend} has at ${where.join(', ')}`;
  }
}

/** The ConfigMap of a configuration. */
export function configMapOf(
  { config, objectName: name }: Source,
  metadata: Omit<ConfigMap['metadata'], 'name'>,
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...metadata },
    data: { ...config.properties },
  };
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
