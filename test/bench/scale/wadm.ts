import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'nats';
import { packageRoot } from '../../../lib/local/package-root';
import { choosePort } from '../../../lib/local/ports';
import { tool } from '../../../lib/local/tool';
import { LegacyFleet } from './legacy-fleet';
import { until } from './parallel';

const lattice = 'scale';
/**
 * wadm puts all instances of a spread on one host, so zones of two hosts come closest to one instance on each: a lost host has another in
 * its zone.
 */
const hostsPerZone = 2;
/** wadm keeps all hosts of a lattice in one message, which is more than the megabyte that NATS takes by default. */
const maxPayload = 32 * 1024 * 1024;

/** Figures of wadm; times in seconds, undefined where it did not get there in time. */
export interface RivalFigures {
  readonly place?: number | undefined;
  readonly rebindFromLoss?: number | undefined;
}

export interface RivalSize {
  readonly hosts: number;
  readonly distributions: number;
  /** Longest that each part may take, in seconds. */
  readonly patience: number;
}

/** Measures wadm as its users run it, with its defaults: everything placed, then a tenth of the hosts lost. */
export async function measureWadm({ hosts, distributions, patience }: RivalSize): Promise<RivalFigures> {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-scale-wadm-'));
  const port = await choosePort('port of NATS', {});
  const config = path.join(dir, 'nats.conf');
  const store = path.join(dir, 'nats');
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}", max_payload: ${maxPayload}, max_pending: ${4 * maxPayload}, jetstream { store_dir: "${store}" }`,
  );
  const server = spawn(await tool('nats-server'), ['-c', config], { stdio: 'ignore' });
  const build = path.join(packageRoot(), 'test', 'interop', 'wadm', 'build.mjs');
  const program = execFileSync(process.execPath, [build], { encoding: 'utf8' }).trim();
  const nats = await connect({ servers: `nats://127.0.0.1:${port}`, waitOnFirstConnect: true });
  const wadm = spawn(program, ['--nats-server', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', process.env['RUST_LOG'] === undefined ? 'ignore' : 'inherit'],
  });
  const fleet = new LegacyFleet(nats, lattice);
  const total = hosts * distributions;
  const placed = async (): Promise<number | undefined> => {
    const from = performance.now();
    while (fleet.instances < total) {
      if (performance.now() - from > patience * 1000) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return (performance.now() - from) / 1000;
  };
  const ask = async (operation: string, body: string): Promise<void> => {
    const reply = await nats.request(`wadm.api.${lattice}.model.${operation}`, body, { timeout: 60_000 });
    const { result, message } = reply.json<{ result: string; message: string }>();
    if (result === 'error' || result === 'notfound') throw new Error(`wadm ${operation}: ${message}`);
  };
  try {
    const answers = (): Promise<boolean> =>
      nats.request(`wadm.api.${lattice}.model.list`, '', { timeout: 1000 }).then(
        () => true,
        () => false,
      );
    await until('wadm answers', 60, answers);
    fleet.start(hosts, hostsPerZone);
    const state = await nats.jetstream().views.kv('wadm_state');
    await until('wadm knows the hosts', patience, async () => {
      const known = await state.get(`host_${lattice}`);
      return known !== null && Object.keys(known.json<object>()).length === hosts;
    });
    await ask('put', JSON.stringify(application(hosts, distributions)));
    const deployed = performance.now();
    await ask('deploy.scale', '');
    if ((await placed()) === undefined) return {};
    const place = (performance.now() - deployed) / 1000;
    fleet.lose(Math.round(hosts / 10));
    return { place, rebindFromLoss: await placed() };
  } finally {
    fleet.stop();
    await nats.close();
    await Promise.all([ended(wadm), ended(server)]);
    rmSync(dir, { recursive: true, force: true });
  }
}

function application(hosts: number, distributions: number): object {
  const spread = Array.from({ length: Math.ceil(hosts / hostsPerZone) }, (_, zone) => ({
    name: `zone-${zone}`,
    requirements: { zone: `${zone}` },
  }));
  const traits = [{ type: 'spreadscaler', properties: { instances: hosts, spread } }];
  const components = Array.from({ length: distributions }, (_, index) => ({
    name: `app-${index}`,
    type: 'component',
    properties: { id: `app-${index}`, image: 'registry.example/actor:1.0' },
    traits,
  }));
  const metadata = { name: 'scale', annotations: { version: 'v1', description: 'scale' } };
  return { apiVersion: 'core.oam.dev/v1beta1', kind: 'Application', metadata, spec: { components } };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
