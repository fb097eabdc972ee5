export { Actor, type ActorProps, type IActor } from './actor';
export type { ComponentProps, IComponent } from './component';
export { Config, type ConfigInput, type ConfigValues, type INamedObject } from './config';
export { Host, type HostProps, type IHost } from './host';
export { Lattice, type LatticeProps } from './lattice';
export { Link, type LinkOptions, type LinkProps } from './link';
export { BuiltinImage, type IProvider, Provider, type ProviderProps } from './provider';
export * from './resources';
export type { Wit, WitInterfaces } from './wit';
