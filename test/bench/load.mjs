// What measures HTTP: a generator of load, built once from load/, and the processor time of processes, as the kernel counts it.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { toolsDir } from './tools-dir.mjs';

const source = path.join(import.meta.dirname, 'load');

/** The generator's program; needs Go the first time. */
function program() {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'main.go']) hash.update(readFileSync(path.join(source, file)));
  const built = path.join(toolsDir(), `load-${hash.digest('hex').slice(0, 12)}`, 'load');
  if (existsSync(built)) return built;
  mkdirSync(path.dirname(built), { recursive: true });
  const draft = `${built}.${process.pid}`;
  const { status, error } = spawnSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', draft, '.'], {
    cwd: source,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('The load generator could not be built', { cause: error });
  renameSync(draft, built);
  return built;
}

/**
 * Requests of so many connections for a while, as a process of its own.
 * @param {string} url
 * @param {{ connections?: number, seconds?: number, fresh?: boolean, core?: number }} options `fresh`: a connection a request; `core`:
 * the one to run on
 * @returns {Promise<{ requests: number, failed: number, error: string, seconds: number, p50us: number, p99us: number }>}
 */
export async function load(url, { connections = 32, seconds = 3, fresh = false, core } = {}) {
  const args = ['-connections', connections, '-seconds', seconds, ...(fresh ? ['-fresh'] : []), url].map(
    String,
  );
  const command = core === undefined ? [program()] : ['taskset', '-c', String(core), program()];
  const { stdout } = await promisify(execFile)(command[0], [...command.slice(1), ...args]);
  return JSON.parse(stdout);
}

/** The same, with the processor time that a process, all of its threads, spent on each request, in microseconds. */
export async function loadOn(pid, url, options) {
  const before = cpuSeconds(pid);
  const result = await load(url, options);
  if (result.failed > 0) throw new Error(`${url}: ${result.failed} calls failed: ${result.error}`);
  return {
    perSecond: result.requests / result.seconds,
    cpuUs: ((cpuSeconds(pid) - before) / result.requests) * 1e6,
  };
}

/** Processor time of all threads of a process. */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, second of all, may hold spaces. Ticks are of 10 ms on every Linux that Node runs on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Keeps a process, all of its threads and those to come, on one core. */
export function pin(pid, core) {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`Process ${pid} could not be kept on core ${core}`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
