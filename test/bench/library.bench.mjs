// What the library costs those who import it: synthesis of a large lattice against the same objects made by bare cdk8s ApiObjects, and
// loading it against loading only what it extends. Each number is of a process of its own, the best of a few.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const synthesis = fileURLToPath(new URL('library-synth.cjs', import.meta.url));
const many = 10_000;
const tries = 5;

export const rows = ['library.synth.time', 'library.synth.memory', 'library.synth.growth', 'library.load'];

export async function* measure(isWanted) {
  if (isWanted('library.synth.time') || isWanted('library.synth.memory')) {
    const ours = [];
    const bare = [];
    for (let at = 0; at < tries; at++) {
      ours.push(await synthesize('kasmcloud', many));
      bare.push(await synthesize('bare', many));
    }
    const rival = 'bare ApiObjects';
    const least = (rows, key) => Math.min(...rows.map((row) => row[key]));
    const row = (key) => ({ value: least(ours, key), rival, rivalValue: least(bare, key) });
    yield { name: 'library.synth.time', unit: 's of processor', ...row('seconds') };
    yield { name: 'library.synth.memory', unit: 'MB', ...row('megabytes') };
  }
  if (isWanted('library.synth.growth')) {
    const [large, small] = [await synthesize('ordered', 10 * many), await synthesize('ordered', many)];
    yield {
      name: 'library.synth.growth',
      unit: 's of processor a thousand actors',
      value: (large.seconds * 1000) / (10 * many),
      rival: 'of 10,000 actors',
      rivalValue: (small.seconds * 1000) / many,
    };
  }
  if (isWanted('library.load')) {
    const base = "require('cdk8s'); require('cdk8s-plus-27')";
    const [ours, bare] = [[], []];
    for (let at = 0; at < 2 * tries; at++) {
      ours.push(await load(`${base}; require('kasmcloud')`));
      bare.push(await load(base));
    }
    yield {
      name: 'library.load',
      unit: 'ms of processor',
      value: Math.min(...ours),
      rival: 'cdk8s and cdk8s-plus-27 alone',
      rivalValue: Math.min(...bare),
    };
  }
}

async function synthesize(kind, count) {
  const { stdout } = await run(process.execPath, [
    '--max-old-space-size=8192',
    synthesis,
    kind,
    String(count),
  ]);
  return JSON.parse(stdout);
}

/** Milliseconds of processor that a process takes which only loads modules. */
async function load(program) {
  const script = `${program}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`;
  const { stdout } = await run(process.execPath, ['-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  return Number(stdout);
}
