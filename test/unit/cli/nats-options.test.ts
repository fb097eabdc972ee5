import { natsOptions } from '../../../lib/cli/nats-options';
import type { RunOptions } from '../../../lib/cli/run';

const options = (given: Partial<RunOptions>): RunOptions =>
  ({ natsUrl: 'nats://a:4222,nats://b:4222', hostName: 'host', ...given }) as RunOptions;

it.each([
  [{}, {}],
  [{ natsCreds: '/host.creds' }, { credentialsFile: '/host.creds' }],
  [{ natsSeed: 'SU' }, { seed: 'SU' }],
  [
    { natsJwt: 'jwt', natsSeed: 'SU' },
    { jwt: 'jwt', seed: 'SU' },
  ],
  [
    { natsUser: 'host', natsPassword: 'word' },
    { user: 'host', password: 'word' },
  ],
  [{ natsCa: '/ca' }, { tls: { ca: '/ca' } }],
  [{ natsCert: '/crt', natsKey: '/key' }, { tls: { cert: '/crt', key: '/key' } }],
])('takes %j', (given, expected) => {
  const servers = ['nats://a:4222', 'nats://b:4222'];
  expect(natsOptions(options(given))).toEqual({ servers, name: 'kasmcloud-host host', ...expected });
});

it.each([
  [{ natsCreds: '/host.creds', natsSeed: 'SU' }, '--nats-creds and --nats-seed are two ways'],
  [{ natsSeed: 'SU', natsUser: 'host' }, '--nats-seed and --nats-user are two ways'],
  [{ natsJwt: 'jwt' }, '--nats-jwt is given without --nats-seed'],
  [{ natsPassword: 'word' }, '--nats-password is given without --nats-user'],
  [{ natsCert: '/crt' }, '--nats-cert is given without --nats-key'],
])('refuses %j', (given, message) => {
  expect(() => natsOptions(options(given))).toThrow(message);
});
