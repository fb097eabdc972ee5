import { type ApiObject, type ApiObjectMetadata, type ApiObjectMetadataDefinition, Chart } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import type { WasmCloudLinkSpec } from '../lib/api/generated/kasmcloud';
import { witSlips } from '../lib/api/wit-interfaces';
import type { IComponent } from './component';
import { Config, type ConfigInput } from './config';
import { WasmCloudLink } from './resources';
import { parseWit, type Wit, type WitInterfaces } from './wit';

/** How two components are linked. */
export interface LinkOptions {
  /** The interfaces that the source imports and the target exports, e.g. `wasi:http/incoming-handler`. */
  readonly wit: Wit;
  /**
   * Link name, by which a component tells several links for one interface apart.
   *
   * @default 'default'
   */
  readonly name?: string;
  /**
   * Configuration for the source about this link, e.g. `{ address: '127.0.0.1:8080' }` of an HTTP server.
   *
   * @default - none
   */
  readonly sourceConfig?: ConfigInput;
  /**
   * Configuration for the target about this link, e.g. `{ bucket: 'carts' }` of a key-value store.
   *
   * @default - none
   */
  readonly targetConfig?: ConfigInput;
  /**
   * How long calls and HTTP requests wait while nobody serves the target, in seconds: time for an autoscaler to bring it back from 0
   * instances.
   *
   * @default 0 - they fail at once
   */
  readonly activationTimeoutSeconds?: number;
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
}

/** Properties of {@link Link}. */
export interface LinkProps extends LinkOptions {
  /** The component that imports the interfaces. */
  readonly source: IComponent;
  /** The component that exports them. */
  readonly target: IComponent;
}

/**
 * Connects the imports of one component to the exports of another. Mostly made by {@link IComponent.linkTo}.
 *
 * @see WasmCloudLink for the object itself
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Lattice, Link, Provider } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * const cart = new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 * const store = Provider.fromProviderName(lattice, 'store', 'redis');
 * new Link(lattice, 'cart-store', {
 *   source: cart,
 *   target: store,
 *   wit: ['wasi:keyvalue/store', 'wasi:keyvalue/atomics'],
 *   targetConfig: { bucket: 'carts' },
 * });
 */
export class Link extends Construct {
  /** Component id of the source. */
  readonly source: string;
  /** Component id of the target. */
  readonly target: string;
  /** Link name. */
  readonly linkName: string;
  readonly wit: WitInterfaces;

  private readonly apiObject: ApiObject;

  /**
   * Links two components. Interfaces of `wasi` and `wasmcloud` that no host or provider knows are reported at synth; a
   * {@link WasmCloudLink} is the way around that.
   */
  constructor(scope: Construct, id: string, props: LinkProps) {
    super(scope, id);
    this.source = props.source.componentId;
    this.target = props.target.componentId;
    this.linkName = props.name ?? 'default';
    this.wit = parsed(props.source, props.wit);
    this.apiObject = new WasmCloudLink(this, 'Resource', {
      ...(props.metadata && { metadata: props.metadata }),
      spec: {
        source: this.source,
        target: this.target,
        name: props.name,
        wit: this.wit as WasmCloudLinkSpec['wit'],
        sourceConfig: Config.specOf(this, 'sourceConfig', props.sourceConfig),
        targetConfig: Config.specOf(this, 'targetConfig', props.targetConfig),
        activationTimeoutSeconds: props.activationTimeoutSeconds,
      },
    });
    // Most links have nothing to report, and there are many.
    const slips = slipsOf(this.wit);
    if (slips.length > 0) this.node.addValidation({ validate: () => slips });
  }

  /** Name of the object in Kubernetes. */
  get name(): string {
    return this.apiObject.name;
  }

  get metadata(): ApiObjectMetadataDefinition {
    return this.apiObject.metadata;
  }
}

/**
 * Id of a link as a child of its source: the path of the target, the package and, unless it is `default`, the link name. It does not
 * depend on other links, so that adding one never renames another.
 */
export function linkId(
  source: IComponent,
  target: IComponent,
  { wit, name = 'default' }: LinkOptions,
): string {
  const { namespace, package: pkg } = parsed(source, wit);
  const id = [...pathInChart(target), namespace, pkg, ...(name === 'default' ? [] : [name])].join('-');
  if (source.node.tryFindChild(id) !== undefined)
    throw new Error(
      `[${source.node.path}] is linked to [${target.node.path}] over ${namespace}:${pkg} by the name "${name}" already: give one of the links another name`,
    );
  return id;
}

function slipsOf(wit: WitInterfaces): string[] {
  // What is missing or known only to the deployment is for the schema, and for the API server, to judge.
  const plain = [wit.namespace, wit.package, ...(wit.interfaces ?? [undefined])];
  if (plain.some((part) => typeof part !== 'string')) return [];
  return witSlips(wit).map(({ interface: index, got, remedy }) =>
    index === undefined
      ? `spec.wit.package must be one that is known, got ${got}: ${remedy}`
      : `spec.wit.interfaces[${index}] must be an interface of ${wit.namespace}:${wit.package}, got "${got}": ${remedy}`,
  );
}

function parsed(source: IComponent, wit: Wit): WitInterfaces {
  try {
    return parseWit(wit);
  } catch (error) {
    throw new Error(`[${source.node.path}] ${(error as Error).message}`, { cause: error });
  }
}

function pathInChart(construct: IConstruct): string[] {
  return construct.node.path.split('/').slice(Chart.of(construct).node.path.split('/').length);
}
