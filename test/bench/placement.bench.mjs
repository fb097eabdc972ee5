// How many instances a second the pure functions of placement put on 1,000 hosts, from objects as the API server has them.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hostCount = 1_000;
const perDistribution = 1_000;
const zones = 5;
const measureMs = 3_000;

export const rows = ['placement.rate'];

export async function* measure() {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  try {
    const outfile = path.join(dir, 'placement.cjs');
    const entry = path.join(root, 'lib/placement/index.ts');
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', logLevel: 'warning' });
    const { distribute, distributionHost } = createRequire(import.meta.url)(outfile);
    const requirements = { lattice: 'bench', load: { instances: 1, providers: 0, memory: 0 } };
    const spec = {
      instances: perDistribution,
      spread: Array.from({ length: zones }, (_, i) => ({
        name: `zone-${i}`,
        selector: { matchLabels: { zone: `${i}` } },
        weight: i + 1,
      })),
      topologyKey: 'rack',
    };
    const place = (hosts, load) => {
      const seen = hosts.map((host) => {
        const others = { instances: load.get(host.metadata.name) ?? 0, providers: 0, memory: 0 };
        return distributionHost(host, requirements, { lost: false, others, current: 0 });
      });
      const { desired } = distribute({ spec, hosts: seen, rebalancing: false });
      for (const [host, amount] of desired) load.set(host, (load.get(host) ?? 0) + amount);
    };
    const hosts = Array.from({ length: hostCount }, (_, i) => hostNamed(i));
    place(hosts, new Map());
    let placed = 0;
    let load = new Map();
    const start = performance.now();
    while (performance.now() - start < measureMs) {
      place(hosts, load);
      placed += perDistribution;
      // A lattice of 10,000 instances, time and again.
      if (placed % 10_000 === 0) load = new Map();
    }
    const seconds = (performance.now() - start) / 1000;
    yield { name: 'placement.rate', value: Math.round(placed / seconds), unit: 'placements/s' };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function hostNamed(index) {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name: `host-${index}` },
    spec: {
      lattices: ['*'],
      capacity: { instances: 10_000 },
      labels: { zone: `${index % zones}`, rack: `${index % 40}` },
    },
    status: {
      labels: { 'hostcore.os': 'linux' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Serving',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
}
