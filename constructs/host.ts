import { type ApiObject, type ApiObjectMetadata, type ApiObjectMetadataDefinition, Chart } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import type { HostCapacity, Taint } from '../lib/api/generated/kasmcloud';
import { WasmCloudHost } from './resources';

/** A host, declared here or elsewhere. */
export interface IHost extends IConstruct {
  /** Name of the object in Kubernetes. */
  readonly name: string;
}

/** Properties of {@link Host}. */
export interface HostProps {
  /** @default - the name comes from the construct's path, with that of the chart */
  readonly metadata?: ApiObjectMetadata;
  /**
   * Namespaces whose lattices the host serves; `['*']` stands for all of them.
   *
   * @default - the lattice that the host is declared in
   */
  readonly lattices?: readonly string[];
  /**
   * Labels for placement, merged over those that the host reports.
   *
   * @default - none
   */
  readonly labels?: { readonly [key: string]: string };
  /**
   * Keep actors and providers that do not tolerate them off the host.
   *
   * @default - none
   */
  readonly taints?: readonly Taint[];
  /**
   * True cordons the host: nothing new is placed on it.
   *
   * @default false
   */
  readonly unschedulable?: boolean;
  /**
   * Most that may be placed on the host.
   *
   * @default - unbounded
   */
  readonly capacity?: HostCapacity;
  /**
   * Time for calls in flight when the host is drained, in seconds.
   *
   * @default 30
   */
  readonly drainGraceSeconds?: number;
}

/**
 * What people say of a host: labels, taints, capacity. The host itself joins by its name and reports the rest. A host needs no
 * declaration: one that nobody declared registers itself.
 *
 * @see WasmCloudHost for the object itself
 * @example
 * import { App } from 'cdk8s';
 * import { Actor, Host, Lattice } from 'kasmcloud';
 *
 * const lattice = new Lattice(new App(), 'shop');
 * const edge = new Host(lattice, 'edge', { labels: { zone: 'eu-1' }, capacity: { memory: '2Gi' } });
 * new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0', host: edge });
 */
export class Host extends Construct implements IHost {
  /** A host that is declared elsewhere or registers itself, by its name. */
  static fromHostName(scope: Construct, id: string, name: string): IHost {
    class Import extends Construct implements IHost {
      readonly name = name;
    }
    return new Import(scope, id);
  }

  /** Namespaces whose lattices the host serves. */
  readonly lattices: readonly string[];

  private readonly apiObject: ApiObject;

  constructor(scope: Construct, id: string, props: HostProps = {}) {
    super(scope, id);
    const { namespace } = Chart.of(this);
    this.lattices = props.lattices ?? (namespace === undefined ? [] : [namespace]);
    this.apiObject = new WasmCloudHost(this, 'Resource', {
      ...(props.metadata && { metadata: props.metadata }),
      spec: {
        lattices: [...this.lattices],
        labels: props.labels === undefined ? undefined : { ...props.labels },
        taints: props.taints === undefined ? undefined : [...props.taints],
        unschedulable: props.unschedulable,
        capacity: props.capacity,
        drain: props.drainGraceSeconds === undefined ? undefined : { graceSeconds: props.drainGraceSeconds },
      },
    });
  }

  /** Name of the object in Kubernetes. */
  get name(): string {
    return this.apiObject.name;
  }

  get metadata(): ApiObjectMetadataDefinition {
    return this.apiObject.metadata;
  }
}
