// The component package that programs in other languages use: plain data only, and no type alias or union, which Pulumi's schema of a
// TypeScript component cannot tell. TypeScript programs have LatticeStack, with all that the constructs can do.
import * as pulumi from '@pulumi/pulumi';
import { App } from 'cdk8s';
import { Actor, Config, type IComponent, Lattice as LatticeChart, Provider } from '../../constructs';
import { deployCrds } from '../crds';
import { deployChart } from '../deploy-chart';
import { fromOutput, outputResolver } from '../outputs';

/** A Wasm component. */
export interface ActorArgs {
  /** An OCI reference with its registry, or `file:///path` on a host that allows files. */
  image: pulumi.Input<string>;
  /** Most calls served at a time. Default: 1. */
  instances?: pulumi.Input<number>;
  /** What it reads through `wasi:config`. No secrets: it stands in the object as it is. */
  config?: { [key: string]: pulumi.Input<string> };
}

/** A capability provider that a host runs. */
export interface ProviderArgs {
  /** `builtin://NAME`, the OCI reference of a provider archive, or `file:///path` on a host that allows files. */
  image: pulumi.Input<string>;
  /** What it starts with. No secrets: it stands in the object as it is. */
  config?: { [key: string]: pulumi.Input<string> };
}

/** Lets one call another. */
export interface LinkArgs {
  /** Name of the actor or provider that imports the interface. */
  source: string;
  /** Name of the actor or provider that exports it. */
  target: string;
  /** What is called: `namespace:package/interface`, e.g. `wasi:http/incoming-handler`. */
  wit: string;
  /** Link name. Default: `default`. */
  name?: string;
  /** Configuration of the source for this link. */
  sourceConfig?: { [key: string]: pulumi.Input<string> };
  /** Configuration of the target for this link. */
  targetConfig?: { [key: string]: pulumi.Input<string> };
}

/** What is in a lattice. */
export interface LatticeArgs {
  /** Namespace that is the lattice. Default: the name of the resource. */
  namespace?: string;
  /** Actors by name. */
  actors?: { [name: string]: ActorArgs };
  /** Providers by name. */
  providers?: { [name: string]: ProviderArgs };
  /** Links between them. */
  links?: LinkArgs[];
  /** Whether the definitions of the six kinds are part of this stack. Default: false. */
  crds?: boolean;
  /** Whether `pulumi up` waits until everything is ready. Default: true. */
  awaitReady?: boolean;
}

/** A wasmCloud lattice on Kubernetes: a namespace with actors, providers and links. */
export class Lattice extends pulumi.ComponentResource {
  /** The namespace that is the lattice. */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: LatticeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('kasmcloud:index:Lattice', name, args, opts);
    const {
      namespace = name,
      actors = {},
      providers = {},
      links = [],
      crds = false,
      awaitReady = true,
    } = args;
    const lattice = new LatticeChart(new App({ resolvers: [outputResolver] }), name, { namespace });
    const members = new Map<string, IComponent>();
    for (const [id, actor] of Object.entries(actors))
      members.set(id, new Actor(lattice, id, configured(actor)));
    for (const [id, provider] of Object.entries(providers))
      members.set(id, new Provider(lattice, id, configured(provider)));
    const member = (id: string, propertyPath: string): IComponent => {
      const found = members.get(id);
      if (found !== undefined) return found;
      const names = [...members.keys()].join(', ') || 'none';
      const reason = `no actor or provider is named ${JSON.stringify(id)}; there are ${names}`;
      throw new pulumi.InputPropertyError({ propertyPath, reason });
    };
    for (const [index, { source, target, ...link }] of links.entries()) {
      const { sourceConfig, targetConfig, ...options } = plain(link);
      member(source, `links[${index}].source`).linkTo(member(target, `links[${index}].target`), {
        ...options,
        ...(sourceConfig && { sourceConfig: Config.plain(sourceConfig) }),
        ...(targetConfig && { targetConfig: Config.plain(targetConfig) }),
      });
    }
    const definitions = crds ? deployCrds({ parent: this }) : [];
    deployChart(lattice, { parent: this, prefix: name, awaitReady, dependsOn: definitions });
    this.namespace = pulumi.output(namespace);
    this.registerOutputs({ namespace: this.namespace });
  }
}

/** The type of a field in which an output may stand, for a construct. */
type Plain<T> = [T] extends [pulumi.Input<string>]
  ? string
  : [T] extends [pulumi.Input<number>]
    ? number
    : { [K in keyof T]: Plain<Exclude<T[K], undefined>> };

/** A component as a construct takes it. Its settings are plain by the contract of this package, which has no other words for them. */
function configured(args: ActorArgs | ProviderArgs) {
  const { config, ...rest } = plain(args);
  return { ...rest, ...(config && { config: Config.plain(config) }) };
}

/** The fields that were given, as a construct takes them: outputs stand for their values. */
function plain<T extends object>(fields: T): Plain<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, plainValue(value)])) as Plain<T>;
}

function plainValue(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return fromOutput(value);
  return typeof value === 'object' && value !== null ? plain(value) : value;
}
