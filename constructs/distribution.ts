import type { ApiObject, ApiObjectMetadata, ApiObjectMetadataDefinition } from 'cdk8s';
import type { Construct } from 'constructs';
import type {
  ActorLimits,
  CallAnalysis,
  CanaryStep,
  LabelSelector,
  RollingUpdate,
  RolloutStrategy,
  Toleration,
  WasmCloudDistributionSpec,
  WasmCloudProviderSpec,
} from '../lib/api/generated/kasmcloud';
import {
  Component,
  type IComponent,
  ImportedComponent,
  reportImage,
  type TemplateProps,
  templateSpec,
} from './component';
import { addNameLabel } from './metadata';
import { WasmCloudDistribution } from './resources';

/** A distribution, declared here or elsewhere: its replicas are linked as one component. */
export type IDistribution = IComponent;

/** The actor of which a distribution places replicas. */
export interface DistributedActor extends TemplateProps {
  /** The component: an OCI reference, or `file:///path` on hosts that allow files. */
  readonly image: string;
  /**
   * Bounds of each instance.
   *
   * @default - those of the host
   */
  readonly limits?: ActorLimits;
}

/** The provider of which a distribution places replicas; its runtime is `Process`. */
export interface DistributedProvider extends TemplateProps {
  /** One of {@link BuiltinImage}, the OCI reference of a provider archive or binary, or `file:///path`. */
  readonly image: string;
  /**
   * What to do when the process ends.
   *
   * @default 'Always'
   */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  /**
   * A Service that KasmCloud keeps on the hosts that serve the provider.
   *
   * @default - none
   */
  readonly service?: NonNullable<WasmCloudProviderSpec['service']>;
}

/** Properties of {@link Distribution} beside its template. */
export interface DistributionOptions {
  /** @default - the name comes from the construct's path */
  readonly metadata?: ApiObjectMetadata;
  /**
   * Instances in total, or on each host for a daemon. Leave it out where an autoscaler sets it.
   *
   * @default 1
   */
  readonly instances?: number;
  /**
   * Label of hosts over whose values the instances of a group spread evenly, then over the hosts of each.
   *
   * @default - evenly over hosts
   */
  readonly topologyKey?: string;
  /**
   * What becomes of the share of a group without an eligible host: the other groups get it, or it stays away.
   *
   * @default 'Redistribute'
   */
  readonly whenUnsatisfiable?: 'Redistribute' | 'Fail';
  /**
   * How long an instance must be ready before it counts as available, in seconds.
   *
   * @default 0
   */
  readonly minReadySeconds?: number;
  /**
   * How long a rollout may make no progress before it counts as stalled, in seconds.
   *
   * @default 600
   */
  readonly progressDeadlineSeconds?: number;
  /**
   * Number of old revisions that are kept for rollback.
   *
   * @default 10
   */
  readonly revisionHistoryLimit?: number;
  /**
   * True holds the rollout where it is; scaling and repair go on.
   *
   * @default false
   */
  readonly paused?: boolean;
  /**
   * Whether a stalled rollout goes back to the last revision that was available.
   *
   * @default false
   */
  readonly autoRollback?: boolean;
}

/** Properties of {@link Distribution}: the template is either an actor or a provider. */
export type DistributionProps = DistributionOptions &
  (
    | { readonly actor: DistributedActor; readonly provider?: never }
    | { readonly provider: DistributedProvider; readonly actor?: never }
  );

/** A group of hosts and the share of the instances that it gets. */
export interface SpreadOptions extends Pick<LabelSelector, 'matchLabels' | 'matchExpressions'> {
  /**
   * The group gets weight / (sum of weights) of the instances; 0 to 1000.
   *
   * @default 100
   */
  readonly weight?: number;
  /**
   * Fewest instances.
   *
   * @default - none
   */
  readonly min?: number;
  /**
   * Most instances.
   *
   * @default - unbounded
   */
  readonly max?: number;
}

/**
 * Replicas of one actor or provider over the hosts of the lattice: how many, on which hosts, and how a new version reaches them. It is
 * to actors what a Deployment is to pods, or, as a daemon, what a DaemonSet is. Links name it as they name a single actor.
 *
 * @see WasmCloudDistribution for the object itself
 * @example
 * import { App } from 'cdk8s';
 * import { Distribution, Lattice, Provider } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * const cart = new Distribution(lattice, 'cart', {
 *   actor: { image: 'registry.example.com/cart:1.4.0' },
 *   instances: 300,
 * })
 *   .spread('eu', { matchLabels: { zone: 'eu-1' }, weight: 80, min: 50 })
 *   .spread('us', { matchLabels: { zone: 'us-1' }, weight: 20 })
 *   .canary([{ weight: 10, pauseSeconds: 300 }, { weight: 50 }]);
 *
 * new Distribution(lattice, 'http', { provider: { image: 'builtin://http-server' } })
 *   .daemon()
 *   .linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });
 */
export class Distribution extends Component implements IDistribution {
  /** A distribution of the same lattice that is declared elsewhere, by the name of its object, which is also its component id. */
  static fromDistributionName(
    scope: Construct,
    id: string,
    name: string,
    role: 'actor' | 'provider' = 'actor',
  ): IDistribution {
    return new ImportedComponent(scope, id, role, name);
  }

  readonly name: string;
  readonly componentId: string;

  private readonly apiObject: ApiObject;
  private readonly spec: WasmCloudDistributionSpec;
  private readonly strategies: NonNullable<RolloutStrategy['type']>[] = [];

  constructor(scope: Construct, id: string, props: DistributionProps) {
    super(scope, id);
    const { metadata, actor, provider, ...options } = props;
    this.spec = {
      ...options,
      template: {
        actor: actor && { ...templateSpec(this, actor), image: actor.image, limits: actor.limits },
        provider: provider && {
          ...templateSpec(this, provider),
          image: provider.image,
          restartPolicy: provider.restartPolicy,
          service: provider.service,
        },
      },
    };
    this.apiObject = new WasmCloudDistribution(this, 'Resource', {
      ...(metadata && { metadata }),
      spec: this.spec,
    });
    this.name = this.apiObject.name;
    this.componentId = (actor ?? provider)?.componentId ?? this.name;
    addNameLabel(this.apiObject, this.componentId);
    reportImage(this, 'spec.template.actor.image', actor?.image);
    reportImage(this, 'spec.template.provider.image', provider?.image);
    this.node.addValidation({ validate: () => this.strategyIssues() });
  }

  get metadata(): ApiObjectMetadataDefinition {
    return this.apiObject.metadata;
  }

  /** Adds a group of hosts. Without any, every host of the lattice is in the one group there is. */
  spread(name: string, { matchLabels, matchExpressions, ...share }: SpreadOptions = {}): this {
    (this.spec.spread ??= []).push({ name, selector: { matchLabels, matchExpressions }, ...share });
    return this;
  }

  /** Places `instances` on every eligible host, instead of in total; on those of the groups, where there are any. Immutable once applied. */
  daemon(): this {
    this.spec.mode = 'Daemon';
    return this;
  }

  /** Puts up with taints of hosts, beside those that the template tolerates already. */
  tolerate(...tolerations: Toleration[]): this {
    const template = this.spec.template.actor ?? this.spec.template.provider;
    if (template) template.tolerations = [...(template.tolerations ?? []), ...tolerations];
    return this;
  }

  /** A change goes step by step within bounds: numbers of instances, or percentages; 25 % more and none fewer unless given. The default. */
  rollingUpdate(bounds?: RollingUpdate): this {
    return this.strategy('RollingUpdate', bounds && { rollingUpdate: bounds });
  }

  /** A change ends the old instances before it starts new ones. */
  recreate(): this {
    return this.strategy('Recreate');
  }

  /**
   * A change reaches growing shares of the instances; the rest follows the last step, unless `autoPromote` is false and so waits for
   * somebody to say so. It is given up when more of its calls fail than `analysis` allows: more than 5 % of the last 20 seconds, and 3
   * at least, unless given.
   */
  canary(
    steps: readonly CanaryStep[],
    options: { readonly autoPromote?: boolean; readonly analysis?: CallAnalysis } = {},
  ): this {
    return this.strategy('Canary', { canary: { steps: [...steps], ...options } });
  }

  /** A change starts a whole new set beside the old one, then switches. */
  blueGreen(): this {
    return this.strategy('BlueGreen');
  }

  /** When instances move without need: never, after a host was added (the default), or whenever the spread is uneven. */
  rebalance(when: NonNullable<WasmCloudDistributionSpec['rebalance']>): this {
    this.spec.rebalance = when;
    return this;
  }

  private strategy(type: NonNullable<RolloutStrategy['type']>, bounds: RolloutStrategy = {}): this {
    this.strategies.push(type);
    this.spec.strategy = { type, ...bounds };
    return this;
  }

  private strategyIssues(): string[] {
    if (this.strategies.length < 2) return [];
    return [
      `spec.strategy must be chosen once, got ${this.strategies.join(', then ')}: keep one of the calls`,
    ];
  }
}
