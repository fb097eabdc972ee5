export { LatticeConnection, type LatticeConnectionOptions, type NatsCredentials } from './connection';
export { hostIdentity } from './host-identity';
export { type LatticeLogger, silentLogger } from './logger';
export { CurveKeyPair, KeyPair, type KeyKind, decodePublicKey, decodeSeed, encodePublicKey } from './nkeys';
export * as interfaces from './interfaces';
export * from './subjects';
export {
  type BoundFunction,
  type CallOptions,
  type CallTarget,
  WrpcClient,
  type WrpcClientOptions,
} from './wrpc/client';
export { CallContext } from './wrpc/context';
export { type Limits, defaultLimits } from './wrpc/coding';
export { WitError, WrpcError, type WrpcReason, isWitError } from './wrpc/errors';
export type { CallHeaders } from './wrpc/headers';
export { type Handler, WrpcServer, type WrpcServerOptions } from './wrpc/server';
export { FunctionCodec, functionCodec } from './wrpc/signature';
export * from './wrpc/types';
export * as wit from './wrpc/wit';
