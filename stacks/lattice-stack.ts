import * as pulumi from '@pulumi/pulumi';
import { App } from 'cdk8s';
import { Lattice, type LatticeProps } from '../constructs';
import { deployChart } from './deploy-chart';
import type { KubernetesObject } from './kubernetes-object';
import { outputResolver } from './outputs';

/** Arguments of {@link LatticeStack}. */
export interface LatticeStackArgs extends LatticeProps {
  /** Declares what is in the lattice, with the constructs of `kasmcloud`; called once, by the constructor. */
  readonly declare: (lattice: Lattice) => void;
  /**
   * Whether Pulumi waits until actors, providers and links are `Ready`.
   *
   * @default true
   */
  readonly awaitReady?: boolean;
  /**
   * Whether Pulumi waits for no object at all.
   *
   * @default false
   */
  readonly skipAwait?: boolean;
}

/**
 * A lattice deployed through Pulumi: the component is the parent of one resource for each object. The name is the id of the lattice
 * and, unless given, its namespace.
 *
 * @example
 * import { Actor, Provider } from 'kasmcloud';
 * import { LatticeStack } from 'kasmcloud/stacks';
 *
 * new LatticeStack('shop', {
 *   declare: (lattice) => {
 *     const cart = new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0', instances: 100 });
 *     const http = Provider.httpServer(lattice, 'http');
 *     http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '0.0.0.0:8080' } });
 *   },
 * });
 */
export class LatticeStack extends pulumi.ComponentResource {
  /** The namespace that is the lattice. */
  readonly namespace: pulumi.Output<string>;
  /** The objects, Namespace first. */
  readonly objects: readonly KubernetesObject[];

  constructor(name: string, args: LatticeStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super('kasmcloud:index:LatticeStack', name, {}, opts);
    const { declare, awaitReady, skipAwait, ...props } = args;
    const lattice = new Lattice(new App({ resolvers: [outputResolver] }), name, props);
    declare(lattice);
    this.objects = deployChart(lattice, {
      parent: this,
      ...(awaitReady !== undefined && { awaitReady }),
      ...(skipAwait !== undefined && { skipAwait }),
    });
    this.namespace = pulumi.output(lattice.namespace);
    this.registerOutputs({ namespace: this.namespace });
  }
}
