// What a wRPC call costs over a plain request and reply through the same multiplexed inbox: median round trips between two processes.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { freePort } from './free-port.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const concurrency = { 'host.wrpc.c1': 1, 'host.wrpc.c64': 64 };

export const rows = Object.keys(concurrency);

export async function* measure(isWanted) {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const peer = path.join(dir, 'wrpc-peer.cjs');
  await build({
    entryPoints: [path.join(root, 'test/bench/wrpc-peer.ts')],
    outfile: peer,
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
  });
  const cli = path.join(root, 'dist', 'kasmcloud.cjs');
  const listed = await promisify(execFile)(process.execPath, [cli, 'tools', '--build', '--json']);
  const { path: program } = JSON.parse(listed.stdout).find(({ name }) => name === 'nats-server');
  const port = await freePort();
  const nats = spawn(program, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const url = `nats://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [peer, 'serve', url], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(server.stdout, 'data');
    for (const name of rows.filter(isWanted)) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        peer,
        'call',
        url,
        String(concurrency[name]),
      ]);
      const { wrpc, raw } = JSON.parse(stdout);
      yield { name, value: wrpc, unit: 'us', rival: 'NATS request and reply', rivalValue: raw };
    }
  } finally {
    server.kill();
    nats.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}
