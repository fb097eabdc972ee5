/**
 * Makes a capability provider of any program.
 *
 * @module kasmcloud/provider
 */
export { type ConnectOptions, type ProviderOptions, connect } from './connect';
export type { Link, Secrets } from './link';
export type { LinkListener } from './links';
export type { Health, Provider, ProviderCallOptions } from './provider';
export type { Functions, Handlers, Remote } from './typed';
export type { LatticeLogger } from '../lattice/logger';
export * as interfaces from '../lattice/interfaces';
export type { CallContext } from '../lattice/wrpc/context';
export type { CallHeaders } from '../lattice/wrpc/headers';
export { WitError, WrpcError, type WrpcReason } from '../lattice/wrpc/errors';
export type {
  Js,
  JsOption,
  JsParams,
  JsResult,
  JsReturn,
  WitFunction,
  WitInterface,
  WitParams,
  WitType,
} from '../lattice/wrpc/types';
export * as wit from '../lattice/wrpc/wit';
