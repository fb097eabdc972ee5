// A child of pulumi.bench.mjs: `up` of each program with the real Pulumi CLI, in turns, and the least seconds of processor of each, engine and program, as JSON. What is
// applied goes to a stand-in for the Kubernetes plugin that only remembers it, and the state is written at the end instead of after each
// object: the time that these take is the same for both.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PulumiStack, pulumiCli } from '../../interop/pulumi/cli';
import type { Cluster, Manifest } from '../../interop/pulumi/cluster';
import { startKubernetesProvider } from '../../interop/pulumi/kubernetes-provider';
import { startLanguageHost } from '../../interop/pulumi/language-host';

const programs = ['kasmcloud', 'by-hand'];
const tries = 3;
Object.assign(process.env, { PULUMI_EXPERIMENTAL: 'true', PULUMI_SKIP_CHECKPOINTS: 'true' });

class Memory implements Cluster {
  readonly objects = new Map<string, Manifest>();

  apply(manifest: Manifest, preview: boolean): Promise<Manifest> {
    if (!preview) this.objects.set(`${manifest.kind}/${manifest.metadata.name}`, manifest);
    return Promise.resolve(manifest);
  }

  get(manifest: Manifest): Promise<Manifest | undefined> {
    return Promise.resolve(this.objects.get(`${manifest.kind}/${manifest.metadata.name}`));
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}

/** Seconds of processor that the ended children of this process took, and theirs: others on the machine do not count. */
function childSeconds(): number {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(13, 15);
  return (Number(user) + Number(system)) / 100;
}

async function secondsOf(program: string, cli: string, dir: string): Promise<[number, Memory]> {
  mkdirSync(dir, { recursive: true });
  const memory = new Memory();
  const [language, kubernetes] = [await startLanguageHost(), await startKubernetesProvider(memory)];
  try {
    const ports = { language: language.port, kubernetes: kubernetes.port };
    const stack = new PulumiStack(cli, program, dir, ports);
    await stack.create({});
    const from = childSeconds();
    await stack.up();
    return [childSeconds() - from, memory];
  } finally {
    language.stop();
    kubernetes.stop();
  }
}

async function main(folder: string): Promise<void> {
  const cli = await pulumiCli();
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const least: Record<string, number> = {};
  let expected: Memory | undefined;
  try {
    for (let at = 0; at < tries; at++) {
      // Who is first has the colder disk.
      for (const program of at % 2 === 0 ? programs : [...programs].reverse()) {
        const home = path.join(dir, `${program}-${at}`);
        const [seconds, memory] = await secondsOf(path.join(folder, program), cli, home);
        least[program] = Math.min(seconds, least[program] ?? Infinity);
        expected ??= memory;
        if (memory.objects.size !== 1000 || !isDeepStrictEqual(memory.objects, expected.objects))
          throw new Error(`${program} made other objects than ${programs[0]}`);
      }
    }
    console.log(JSON.stringify(least));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

void main(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
