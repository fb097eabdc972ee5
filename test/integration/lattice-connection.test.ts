import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LatticeConnection } from '../../lib/lattice/connection';
import { KeyPair } from '../../lib/lattice/nkeys';
import { WrpcClient } from '../../lib/lattice/wrpc/client';
import { WrpcServer } from '../../lib/lattice/wrpc/server';
import * as wit from '../../lib/lattice/wrpc/wit';
import { choosePort } from '../../lib/local/ports';
import { tool } from '../../lib/local/tool';
import { eventually } from './eventually';
import { NatsOperator } from './nats-jwt';

let dir: string;
let port: number;
let url: string;
let server: ChildProcess | undefined;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-nats-'));
  port = await choosePort('port of NATS', {});
  url = `nats://127.0.0.1:${port}`;
});
afterEach(async () => {
  await stop();
  rmSync(dir, { recursive: true });
});

async function start(config = ''): Promise<void> {
  const file = path.join(dir, 'nats.conf');
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${config}\n`);
  server = spawn(await tool('nats-server'), ['-c', file], { stdio: 'ignore' });
}

async function stop(): Promise<void> {
  const running = server;
  server = undefined;
  if (running?.exitCode !== null) return;
  const exit = once(running, 'exit');
  running.kill('SIGKILL');
  await exit;
}

it('outlives its server: calls fail at once while it is away, and work when it is back', async () => {
  await start();
  const [ours, theirs] = await Promise.all([
    LatticeConnection.connect({ servers: url }),
    LatticeConnection.connect({ servers: url }),
  ]);
  const signature = wit.func([['n', wit.u32]], wit.u32);
  new WrpcServer(theirs, { lattice: 'l', id: 'c' }).serve('', 'same', signature, (n) => n);
  await theirs.nats.flush();
  const same = new WrpcClient(ours).bind({ lattice: 'l', id: 'c' }, '', 'same', signature);
  await expect(same([1])).resolves.toBe(1);

  await stop();
  await eventually('both notice', () => !ours.connected && !theirs.connected);
  await expect(same([2], { deadlineMs: 60_000 })).rejects.toMatchObject({ reason: 'Disconnected' });

  await start();
  await eventually('calls work again', () => same([3]).catch(() => undefined));
  await Promise.all([ours.close(), theirs.close()]);
});

it('waits for a server that is not there yet, and says why when it gives up', async () => {
  const waiting = LatticeConnection.connect({ servers: url });
  await expect(LatticeConnection.connect({ servers: url, firstConnectMs: 0 })).rejects.toThrow(
    `NATS at ${url} cannot be reached`,
  );
  await start();
  await (await waiting).close();
});

it('stops waiting when it is told to', async () => {
  const abort = new AbortController();
  const waiting = LatticeConnection.connect({ servers: url, firstConnectMs: Infinity, signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

it('proves who it is by a key, and tells a server that refuses it', async () => {
  const user = KeyPair.generate('user');
  await start(`authorization { users: [ { nkey: ${user.publicKey} } ] }`);
  await (await LatticeConnection.connect({ servers: url, seed: user.seed })).close();
  const other = KeyPair.generate('user').seed;
  await expect(LatticeConnection.connect({ servers: url, seed: other, firstConnectMs: 0 })).rejects.toThrow(
    /cannot be reached.*Authorization/,
  );
  await expect(LatticeConnection.connect({ servers: url, seed: other, user: 'x' })).rejects.toThrow(
    'ambiguous',
  );
});

it('logs in with a name and a password', async () => {
  await start('authorization { user: host, password: word }');
  await (await LatticeConnection.connect({ servers: url, user: 'host', password: 'word' })).close();
  const wrong = { servers: url, user: 'host', password: 'other', firstConnectMs: 0 };
  await expect(LatticeConnection.connect(wrong)).rejects.toThrow(/cannot be reached.*Authorization/);
});

it('is a user of an operator’s account by a JWT and its seed, or by a credentials file, which may be rotated', async () => {
  const operator = new NatsOperator();
  await start(operator.config);
  const { jwt, seed } = operator.user();
  const one = await LatticeConnection.connect({ servers: url, jwt, seed });
  const credentialsFile = path.join(dir, 'host.creds');
  writeFileSync(credentialsFile, operator.user().creds);
  const other = await LatticeConnection.connect({ servers: url, credentialsFile });
  const echo = wit.func([['n', wit.u32]], wit.u32);
  new WrpcServer(other, { lattice: 'l', id: 'c' }).serve('', 'same', echo, (n) => n);
  await other.nats.flush();
  const same = new WrpcClient(one).bind({ lattice: 'l', id: 'c' }, '', 'same', echo);
  await expect(same([1])).resolves.toBe(1);

  writeFileSync(credentialsFile, new NatsOperator().user().creds);
  await stop();
  await start(operator.config);
  await eventually('one is back', () => one.connected);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(other.connected).toBe(false);
  writeFileSync(credentialsFile, operator.user().creds);
  await eventually('the other is back', () => other.connected);
  await eventually('calls work again', () => same([2]).catch(() => undefined));
  await Promise.all([one.close(), other.close()]);
});

it('needs no more than the subjects of its lattice and its inbox', async () => {
  const operator = new NatsOperator();
  await start(operator.config);
  const { jwt, seed } = operator.user(['l.>', '_INBOX.>']);
  const connection = await LatticeConnection.connect({ servers: url, jwt, seed });
  const echo = wit.func([['n', wit.u32]], wit.u32);
  new WrpcServer(connection, { lattice: 'l', id: 'c' }).serve('', 'same', echo, (n) => n);
  const same = new WrpcClient(connection).bind({ lattice: 'l', id: 'c' }, '', 'same', echo);
  await expect(same([1])).resolves.toBe(1);
  await connection.close();
});
