import * as pulumi from '@pulumi/pulumi';
import { App } from 'cdk8s';
import { ClusterPlatform, type ClusterPlatformProps } from '../constructs';
import { deployApp } from './deploy-chart';
import type { KubernetesObject } from './kubernetes-object';
import { outputResolver } from './outputs';

/** Arguments of {@link PlatformStack}. */
export interface PlatformStackArgs extends ClusterPlatformProps {
  /**
   * Declares lattices beside the platform, with the constructs of `kasmcloud`, and grants them to it; called once, by the constructor.
   *
   * @default - the platform alone
   */
  readonly declare?: (app: App, platform: ClusterPlatform) => void;
  /**
   * Whether Pulumi waits until actors, providers and links are `Ready`.
   *
   * @default true
   */
  readonly awaitReady?: boolean;
  /**
   * Whether Pulumi waits for no object at all: where nothing runs pods.
   *
   * @default false
   */
  readonly skipAwait?: boolean;
}

/**
 * KasmCloud in a Kubernetes cluster, deployed through Pulumi, with the lattices that are declared beside it: the component is the parent of
 * one resource for each object.
 *
 * @example
 * import { Actor, kasmcloudImage, Lattice } from 'kasmcloud';
 * import { PlatformStack } from 'kasmcloud/stacks';
 *
 * new PlatformStack('platform', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud'),
 *   nats: { image: 'registry.example.com/nats:2.11-alpine' },
 *   declare: (app, platform) => {
 *     const lattice = new Lattice(app, 'shop');
 *     new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 *     platform.grantLattice(lattice);
 *   },
 * });
 */
export class PlatformStack extends pulumi.ComponentResource {
  /** The objects, definitions and Namespaces first. */
  readonly objects: readonly KubernetesObject[];

  constructor(name: string, args: PlatformStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super('kasmcloud:index:PlatformStack', name, {}, opts);
    const { declare, awaitReady, skipAwait, ...props } = args;
    const app = new App({ resolvers: [outputResolver] });
    const platform = new ClusterPlatform(app, name, props);
    declare?.(app, platform);
    this.objects = deployApp(app, {
      parent: this,
      ...(awaitReady !== undefined && { awaitReady }),
      ...(skipAwait !== undefined && { skipAwait }),
    });
    this.registerOutputs({});
  }
}
