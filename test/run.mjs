// Runs the test suites one after the other and ends with the line `N passed, N failed`.
//
//   node test/run.mjs                 unit, host, integration, e2e: what `npm test` runs
//   node test/run.mjs interop         the peers that take long to build
//   node test/run.mjs unit -- PATH    one suite; what follows -- goes to jest
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = path.join(root, 'dist', 'kasmcloud.cjs');
const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');

/** A suite: its jest configuration, the Node that runs it, a bound in minutes, and what builds its peers beforehand, in the open. */
const suites = {
  unit: { config: 'jest.config.cjs', minutes: 10 },
  host: { config: 'jest.host.config.cjs', node: 'host', serial: true, minutes: 15 },
  integration: { config: 'jest.integration.config.cjs', serial: true, minutes: 30 },
  e2e: { config: 'jest.e2e.config.cjs', serial: true, minutes: 30 },
  interop: {
    config: 'jest.interop.config.cjs',
    serial: true,
    minutes: 30,
    builds: [
      'test/interop/legacy-host/build.mjs',
      'test/interop/rust-provider/build.mjs',
      'test/interop/containerd/install.mjs',
      'test/interop/http-server-provider/build.mjs',
      'test/interop/blobstore-fs-provider/build.mjs',
    ],
  },
};

const [names, jestArgs] = split(process.argv.slice(2));
const unknown = names.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`Unknown suite ${unknown.join(', ')}: choose from ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}
const selected = names.length > 0 ? names : ['unit', 'host', 'integration', 'e2e'];

if (!existsSync(cli)) execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
if (selected.some((name) => name !== 'unit')) {
  console.log('== tools: found or built once, then cached outside the repository');
  execFileSync(process.execPath, [cli, 'tools', '--build'], { cwd: root, stdio: 'inherit' });
}

const scratch = mkdtempSync(path.join(tmpdir(), 'kasmcloud-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const name of selected) add(total, await run(name));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

/** Runs one suite; a suite that dies, hangs or runs nothing counts as one failure, so that it can never pass unseen. */
async function run(name) {
  const suite = suites[name];
  const output = path.join(scratch, `${name}.json`);
  const args = [jest, '-c', path.join('.config', suite.config), '--ci', '--json', '--outputFile', output];
  if (suite.serial) args.push('--runInBand');
  console.log(`== ${name}`);
  for (const build of suite.builds ?? []) {
    const { status } = spawnSync(process.execPath, [build], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) return failure(`${name}: ${build} ended with ${status}`);
  }
  const code = await jestProcess(
    suite.node === 'host' ? hostNode() : process.execPath,
    [...args, ...jestArgs],
    suite.minutes,
    output,
  );
  if (!existsSync(output)) return failure(`${name}: jest ended with ${code} before it wrote its results`);
  const result = JSON.parse(readFileSync(output, 'utf8'));
  // A test file that fails to load, or a global set-up that fails, has no failed test of its own.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  if (code !== 0 && failed === 0) return failure(`${name}: jest ended with ${code} although no test failed`);
  if (result.numPassedTests + failed === 0) return failure(`${name}: no test ran`);
  return { passed: result.numPassedTests, failed, skipped: result.numPendingTests + result.numTodoTests };
}

/** Resolves with the exit code. What a failed test left open does not hold up the other suites once the results are written. */
function jestProcess(node, args, minutes, output) {
  return new Promise((resolve) => {
    // Standard output holds jest's JSON, which is read from its file; the report goes to standard error.
    const child = spawn(node, args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, CI: 'true' },
    });
    const timer = setTimeout(() => {
      console.error(`Stopped after ${minutes} minutes`);
      child.kill('SIGKILL');
    }, minutes * 60_000);
    let writtenAt;
    const lingering = setInterval(() => {
      if (!existsSync(output)) return;
      writtenAt ??= Date.now();
      if (Date.now() - writtenAt < 30_000) return;
      console.error('Ended jest: a test left something open');
      child.kill('SIGKILL');
      clearInterval(lingering);
    }, 1_000);
    child.on('exit', (code, signal) => {
      clearInterval(lingering);
      clearTimeout(timer);
      resolve(code ?? signal);
    });
  });
}

/** The Node that the KasmCloud Host runs on, as the command resolves it. */
function hostNode() {
  const tools = JSON.parse(
    execFileSync(process.execPath, [cli, 'tools', '--json'], { cwd: root, encoding: 'utf8' }),
  );
  return tools.find((tool) => tool.name === 'node').path;
}

function failure(message) {
  console.error(message);
  return { passed: 0, failed: 1, skipped: 0 };
}

function add(sum, part) {
  for (const key of Object.keys(sum)) sum[key] += part[key];
}

function split(argv) {
  const at = argv.indexOf('--');
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}
