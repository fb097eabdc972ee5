// How the reconciler bears a thousand hosts and ten thousand actors bound to them, on a real API server. The hosts are simulated:
// each has a Lease and reports of what is bound to it that it runs. SCALE_HOSTS and SCALE_DISTRIBUTIONS make it smaller.
//
// The rival does the same over as many simulated wasmCloud hosts, which answer at once. What differs: wadm has commands where the
// reconciler has an object an actor, and it puts all instances of a spread on one host, so its zones have two hosts each. A time
// from the loss of hosts includes how long each takes to notice it: up to 40 s of a Lease here, 70 to 140 s of heartbeats there. What wadm does
// not reach within six minutes has no value.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hosts = Number(process.env.SCALE_HOSTS ?? 1_000);
const distributions = Number(process.env.SCALE_DISTRIBUTIONS ?? 10);
const patience = 1_800;
const rivalPatience = 360;
const idleSeconds = 60;

export const rows = [
  'reconciler.place',
  'reconciler.requests',
  'reconciler.idle.cpu',
  'reconciler.rebind',
  'reconciler.rebind.loss',
  'reconciler.rollout',
  'reconciler.memory',
];

export async function* measure(isWanted) {
  const { Scenario, measureWadm } = await scale();
  const size = { hosts, distributions, patience };
  const wants = (...names) => names.some(isWanted);
  const rival = wants('reconciler.place', 'reconciler.rebind.loss')
    ? await measureWadm({ hosts, distributions, patience: rivalPatience })
    : {};
  const smaller = wants('reconciler.requests') ? await tenth(Scenario, size) : undefined;
  const scenario = await Scenario.start(size);
  try {
    const { seconds, requests } = await scenario.place();
    yield { name: 'reconciler.place', value: round(seconds), unit: 's', ...against(rival.place) };
    yield {
      name: 'reconciler.requests',
      value: round(requests),
      unit: 'requests/actor',
      ...(smaller && { rival: 'a tenth of the size', rivalValue: round(smaller) }),
    };
    if (wants('reconciler.idle.cpu'))
      yield { name: 'reconciler.idle.cpu', value: round(await scenario.idle(idleSeconds)), unit: '%' };
    if (wants('reconciler.rebind', 'reconciler.memory')) {
      const { fromLoss, fromLeases } = await scenario.rebind();
      yield { name: 'reconciler.rebind', value: round(fromLeases), unit: 's' };
      yield {
        name: 'reconciler.rebind.loss',
        value: round(fromLoss),
        unit: 's',
        ...against(rival.rebindFromLoss),
      };
    }
    if (wants('reconciler.rollout', 'reconciler.memory'))
      yield { name: 'reconciler.rollout', value: round(await scenario.rollOut()), unit: 's' };
    yield { name: 'reconciler.memory', value: round(scenario.peakMemory), unit: 'MB' };
  } finally {
    await scenario.stop();
  }
}

async function tenth(Scenario, size) {
  const scenario = await Scenario.start({ ...size, hosts: Math.max(1, Math.round(size.hosts / 10)) });
  try {
    return (await scenario.place()).requests;
  } finally {
    await scenario.stop();
  }
}

/** The simulation, bundled to where it finds the package around itself. */
async function scale() {
  const outfile = path.join(root, 'node_modules', '.cache', 'kasmcloud-bench', 'scale.cjs');
  mkdirSync(path.dirname(outfile), { recursive: true });
  const entry = path.join(root, 'test/bench/scale/index.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', logLevel: 'warning' });
  return createRequire(import.meta.url)(outfile);
}

function against(value) {
  return value === undefined ? {} : { rival: 'wadm 0.21', rivalValue: round(value) };
}

function round(value) {
  return Math.round(value * 100) / 100;
}
