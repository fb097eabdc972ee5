/**
 * cdk8s constructs for whole wasmCloud lattices and the platform that they run on.
 *
 * @module kasmcloud
 */
export { Actor, type ActorProps, type IActor } from './actor';
export type { ComponentProps, IComponent, TemplateProps } from './component';
export { Config, type ConfigInput, type ConfigValues, type INamedObject } from './config';
export {
  type DistributedActor,
  type DistributedProvider,
  Distribution,
  type DistributionOptions,
  type DistributionProps,
  type IDistribution,
  type SpreadOptions,
} from './distribution';
export { Host, type HostProps, type IHost } from './host';
export type { ILattice } from './ilattice';
export { Lattice, type LatticeProps } from './lattice';
export { Link, type LinkOptions, type LinkProps } from './link';
export {
  BuiltinImage,
  type ContainerProviderProps,
  type ExternalProviderProps,
  type IProvider,
  type ProcessProviderProps,
  Provider,
  type ProviderBaseProps,
  type ProviderProps,
} from './provider';
export * from './resources';
export type { Wit, WitInterfaces } from './wit';
export { ClusterPlatform, type ClusterPlatformProps } from './platform/cluster-platform';
export type { HelmChartProps } from './platform/helm';
export { HostWorkload, type HostWorkloadProps } from './platform/host-workload';
export { kasmcloudImage, type KasmCloudImageOptions } from './platform/image';
export { K3sApiServer, type K3sApiServerProps } from './platform/k3s-api-server';
export type { K3sServerOptions } from './platform/k3s-command';
export { MinimalPlatform, type MinimalPlatformProps } from './platform/minimal-platform';
export { type JetStreamProps, type LeafRemote, Nats, type NatsProps } from './platform/nats';
export type { NatsConnection, NatsLogin } from './platform/nats-connection';
export { PlatformApp, type PlatformAppProps } from './platform/platform-app';
export type { PartProps, Resources } from './platform/pod';
export { RuntimeAccess, type RuntimeAccessProps } from './platform/rbac';
export { Reconciler, type ReconcilerProps } from './platform/reconciler';
export type { ControlPlaneProps } from './platform/role';
export { Crds } from './platform/system-chart';
