import { Construct, type IConstruct } from 'constructs';
import type { Config as ConfigSpec } from '../lib/api/generated/kasmcloud';

/** Plain keys and values. Not for secrets: they stand in the manifest as they are. */
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
  private constructor(private readonly spec: ConfigSpec) {}

  /**
   * Configuration from plain values, ConfigMaps and Secrets.
   *
   * @throws for an object of another kind
   */
  static from(...sources: (ConfigValues | INamedObject)[]): Config {
    const values: Record<string, string> = {};
    const configFrom: { name: string }[] = [];
    const secretFrom: { name: string }[] = [];
    for (const source of sources) {
      if (!isObject(source)) Object.assign(values, source);
      else if (source.kind === 'ConfigMap') configFrom.push({ name: source.name });
      else if (source.kind === 'Secret') secretFrom.push({ name: source.name });
      else
        throw new Error(
          `configuration must come from a ConfigMap or a Secret, got the ${source.kind} [${source.node.path}]: put it into one of these`,
        );
    }
    return new Config({
      ...(Object.keys(values).length > 0 && { values }),
      ...(configFrom.length > 0 && { configFrom }),
      ...(secretFrom.length > 0 && { secretFrom }),
    });
  }

  /** What a manifest says for an input; nothing for no input. @internal */
  static specOf(input: ConfigInput | undefined): ConfigSpec | undefined {
    if (input === undefined) return undefined;
    return (input instanceof Config ? input : Config.from(input)).spec;
  }
}

function isObject(source: ConfigValues | INamedObject): source is INamedObject {
  return Construct.isConstruct(source);
}
