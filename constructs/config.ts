import { Construct, type IConstruct } from 'constructs';
import type { Config as ConfigSpec } from '../lib/api/generated/kasmcloud';
import { type PlainSecret, plainSecrets } from '../lib/api/plain-secrets';

/**
 * Plain keys and values. Not for secrets: they stand in the manifest as they are. What looks like one is reported at synth;
 * {@link Config.plain} is the way around that.
 */
export interface ConfigValues {
  readonly [key: string]: string;
}

/** A named object such as a ConfigMap or Secret of cdk8s-plus, made here or elsewhere; only its name reaches a manifest. */
export interface INamedObject extends IConstruct {
  readonly kind: string;
  readonly name: string;
}

/** Configuration of a component or of one end of a link: plain values, or a {@link Config} that also takes from elsewhere. */
export type ConfigInput = ConfigValues | Config;

/**
 * Configuration from several places: plain values, ConfigMaps and Secrets. A secret's value never passes through the program: only
 * its name is in the manifest. Where a key occurs twice, Secrets win over ConfigMaps and these over plain values; among the same
 * kind the later one wins.
 *
 * @example
 * import { App } from 'cdk8s';
 * import { ConfigMap, Secret } from 'cdk8s-plus-27';
 * import { Actor, Config, Lattice } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * const settings = new ConfigMap(lattice, 'settings', { data: { currency: 'EUR' } });
 * const payment = Secret.fromSecretName(lattice, 'payment', 'payment-credentials');
 * new Actor(lattice, 'cart', {
 *   image: 'registry.example.com/cart:1.4.0',
 *   config: Config.from({ greeting: 'Welcome' }, settings, payment),
 * });
 */
export class Config {
  private constructor(
    private readonly spec: ConfigSpec,
    private readonly suspects: readonly PlainSecret[],
  ) {}

  /**
   * Configuration from plain values, ConfigMaps, Secrets, and other configurations.
   *
   * @throws for an object of another kind
   */
  static from(...sources: (ConfigValues | INamedObject | Config)[]): Config {
    const values: Record<string, string> = {};
    const configFrom: { name: string }[] = [];
    const secretFrom: { name: string }[] = [];
    const suspects: PlainSecret[] = [];
    for (const source of sources) {
      if (source instanceof Config) {
        Object.assign(values, source.spec.values);
        configFrom.push(...(source.spec.configFrom ?? []));
        secretFrom.push(...(source.spec.secretFrom ?? []));
        suspects.push(...source.suspects);
      } else if (!isObject(source)) {
        Object.assign(values, source);
        suspects.push(...plainSecrets(source));
      } else if (source.kind === 'ConfigMap') configFrom.push({ name: source.name });
      else if (source.kind === 'Secret') secretFrom.push({ name: source.name });
      else
        throw new Error(
          `configuration must come from a ConfigMap or a Secret, got the ${source.kind} [${source.node.path}]: put it into one of these`,
        );
    }
    const spec = {
      ...specOfValues(values),
      ...(configFrom.length > 0 && { configFrom }),
      ...(secretFrom.length > 0 && { secretFrom }),
    };
    return new Config(spec, suspects);
  }

  /** Plain values that may look like secrets and are none, such as the name of a token. */
  static plain(values: ConfigValues): Config {
    return new Config({ values }, []);
  }

  /** What a manifest says for a property of a construct, which reports what must not stand there; nothing for no input. @internal */
  static specOf(
    construct: IConstruct,
    property: string,
    input: ConfigInput | undefined,
  ): ConfigSpec | undefined {
    if (input === undefined) return undefined;
    // Most are plain values, of which nothing needs to be gathered.
    const config = input instanceof Config ? input : new Config(specOfValues(input), plainSecrets(input));
    const { suspects } = config;
    if (suspects.length > 0) construct.node.addValidation({ validate: () => issuesOf(property, suspects) });
    return config.spec;
  }
}

function specOfValues(values: ConfigValues): ConfigSpec {
  return Object.keys(values).length > 0 ? { values } : {};
}

function issuesOf(property: string, suspects: readonly PlainSecret[]): string[] {
  return suspects.map(
    ({ key, reason }) =>
      `${property}.${key} ${reason}, which would stand in the manifest for everybody to read: put it into a Secret and give Config.from(Secret.fromSecretName(scope, id, name)), or Config.plain({ ... }) if it is none`,
  );
}

function isObject(source: ConfigValues | INamedObject): source is INamedObject {
  return Construct.isConstruct(source);
}
