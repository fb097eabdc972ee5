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
