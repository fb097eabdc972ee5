import { KasmError } from '../base/errors';
import type { LatticeConnectionOptions } from '../lattice/connection';
import type { RunOptions } from './run';

/**
 * How a host reaches NATS.
 * @throws KasmError when it is told to prove who it is in more than one way, or by half of one
 */
export function natsOptions(options: RunOptions): LatticeConnectionOptions {
  const { natsCa: ca, natsCert: cert, natsKey: key } = options;
  const {
    natsCreds: credentialsFile,
    natsJwt: jwt,
    natsSeed: seed,
    natsUser: user,
    natsPassword: password,
  } = options;
  const ways = Object.entries({ '--nats-creds': credentialsFile, '--nats-seed': seed, '--nats-user': user });
  const given = ways.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (given.length > 1)
    throw new KasmError(`${given.join(' and ')} are two ways to log in to NATS`, 'Give one of them');
  needs('--nats-jwt', jwt, '--nats-seed', seed);
  needs('--nats-password', password, '--nats-user', user);
  needs('--nats-key', key, '--nats-cert', cert);
  needs('--nats-cert', cert, '--nats-key', key);
  return {
    servers: options.natsUrl.split(','),
    name: `kasmcloud-host ${options.hostName}`,
    ...((ca ?? cert) !== undefined && {
      tls: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      },
    }),
    ...(credentialsFile !== undefined && { credentialsFile }),
    ...(jwt !== undefined && { jwt }),
    ...(seed !== undefined && { seed }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
  };
}

function needs(name: string, value: string | undefined, other: string, otherValue: string | undefined): void {
  if (value === undefined || otherValue !== undefined) return;
  throw new KasmError(`${name} is given without ${other}`, `Give ${other} too`);
}
