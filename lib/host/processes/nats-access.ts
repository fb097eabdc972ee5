import { readFileSync } from 'node:fs';
import { KasmError, messageOf } from '../../base/errors';
import type { LatticeConnectionOptions } from '../../lattice/connection';

/** The way to NATS as the provider contract can say it. */
export interface NatsAccess {
  readonly lattice_rpc_url: string;
  readonly lattice_rpc_user_jwt: string;
  readonly lattice_rpc_user_seed: string;
  readonly lattice_rpc_tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/**
 * What a provider is told to reach NATS with; the contract knows a URL, a JWT and its seed.
 * @throws KasmError when the credentials file of the host cannot be read
 */
export function natsAccess(nats: LatticeConnectionOptions): NatsAccess {
  const { jwt = '', seed = '' } =
    nats.credentialsFile === undefined ? nats : readCredentials(nats.credentialsFile);
  return {
    // The servers of a cluster tell clients of each other.
    lattice_rpc_url: typeof nats.servers === 'string' ? nats.servers : (nats.servers[0] ?? ''),
    lattice_rpc_user_jwt: jwt,
    lattice_rpc_user_seed: seed,
    ...(nats.tls && { lattice_rpc_tls: nats.tls }),
  };
}

/** Why a provider may fail to reach NATS as its host does, and what helps; undefined when it has all that the host has. */
export function accessProblem({ tls, user, seed, jwt }: LatticeConnectionOptions): string | undefined {
  const remedy = 'give the host a JWT and its seed, or a NATS listener without client certificates';
  if (tls?.cert !== undefined || tls?.ca !== undefined)
    return `The host reaches NATS with certificates, which only providers made with the SDK of KasmCloud take over: ${remedy}`;
  if (user !== undefined)
    return `The host reaches NATS with a password, which providers cannot be given: ${remedy}`;
  if (seed !== undefined && jwt === undefined)
    return `The host reaches NATS with a seed without a JWT, which only providers made with the SDK of KasmCloud take over: ${remedy}`;
  return undefined;
}

function readCredentials(file: string): { jwt?: string; seed?: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KasmError(`NATS credentials ${file} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  }
  const section = (name: string): string | undefined =>
    new RegExp(`-----BEGIN ${name}-----\\s+(\\S+)\\s`).exec(text)?.[1];
  const [jwt, seed] = [section('NATS USER JWT'), section('USER NKEY SEED')];
  if (jwt === undefined || seed === undefined)
    throw new KasmError(
      `NATS credentials ${file} hold no JWT with its seed`,
      'Use a file that nsc generated',
    );
  return { jwt, seed };
}
