import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accessProblem, natsAccess } from '../../../../lib/host/processes/nats-access';

const none = { lattice_rpc_user_jwt: '', lattice_rpc_user_seed: '' };

it('hands on what the contract can say', () => {
  expect(natsAccess({ servers: ['nats://a:4222', 'nats://b:4222'] })).toEqual({
    ...none,
    lattice_rpc_url: 'nats://a:4222',
  });
  expect(natsAccess({ servers: 'nats://a:4222', jwt: 'j', seed: 's' })).toMatchObject({
    lattice_rpc_user_jwt: 'j',
    lattice_rpc_user_seed: 's',
  });
  const tls = { ca: '/ca.pem', cert: '/cert.pem', key: '/key.pem' };
  expect(natsAccess({ servers: 'tls://a:4222', tls })).toMatchObject({ lattice_rpc_tls: tls });
});

it('takes a JWT and its seed out of a credentials file', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'creds-'));
  const credentialsFile = path.join(dir, 'user.creds');
  const section = (name: string, text: string): string =>
    `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  writeFileSync(
    credentialsFile,
    `${section('NATS USER JWT', 'ey.J.x')}\n${section('USER NKEY SEED', 'SUAX')}`,
  );
  const options = { servers: 'nats://a', credentialsFile };
  expect(natsAccess(options)).toMatchObject({
    lattice_rpc_user_jwt: 'ey.J.x',
    lattice_rpc_user_seed: 'SUAX',
  });
  expect(accessProblem(options)).toBeUndefined();
  writeFileSync(credentialsFile, 'nothing');
  expect(() => natsAccess(options)).toThrow('hold no JWT');
  rmSync(dir, { recursive: true });
});

it.each([
  ['certificates', { tls: { ca: '/ca', cert: '/cert', key: '/key' } }],
  ['a password', { user: 'u', password: 'p' }],
  ['a seed without a JWT', { seed: 'SU' }],
])('says that %s cannot be handed on, and what can', (what, options) => {
  expect(accessProblem({ servers: 'nats://a', ...options })).toContain(what);
  expect(accessProblem({ servers: 'nats://a', ...options })).toContain('give the host a JWT and its seed');
});
