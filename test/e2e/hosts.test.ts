import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { body, eventually, Installation } from './installation';

interface Host {
  spec: { unschedulable?: boolean; drain?: { requested?: boolean; graceSeconds?: number } };
  status?: { conditions?: { type: string; status: string; reason: string }[] };
}

interface Bound {
  spec: { host?: string };
  status?: { hostName?: string };
}

/** Calls the actor over HTTP, several at a time, for as long as something happens, and keeps every answer that was none. */
class Load {
  private calls = 0;
  private readonly failures: string[] = [];
  private ended = false;
  private readonly loops: Promise<void>[];

  constructor(private readonly url: string) {
    this.loops = Array.from({ length: 8 }, () => this.loop());
  }

  /** Ends it, and tells how it went. */
  async end(): Promise<{ calls: number; failures: string[] }> {
    this.ended = true;
    await Promise.all(this.loops);
    return { calls: this.calls, failures: this.failures };
  }

  private async loop(): Promise<void> {
    while (!this.ended) {
      this.calls++;
      try {
        const response = await fetch(this.url, { signal: AbortSignal.timeout(20_000) });
        const text = await response.text();
        if (response.status !== 200) this.failures.push(`${response.status} ${text}`);
      } catch (error) {
        this.failures.push(String(error instanceof Error ? (error.cause ?? error) : error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

describe('two hosts, one emptied after the other under load', () => {
  let lattice: Installation;
  let second: ChildProcess;

  /** A host beside that of the installation. */
  async function startHost(name: string): Promise<ChildProcess> {
    const dir = path.dirname(lattice.kubeconfig);
    const pki = path.join(dir, 'pki');
    const child = spawn(
      await lattice.tool('node'),
      [
        path.resolve(__dirname, '../../dist/kasmcloud.cjs'),
        'run',
        'host',
        `--host-name=${name}`,
        `--kubeconfig=${lattice.kubeconfig}`,
        `--nats-url=${await lattice.natsUrl()}`,
        `--nats-ca=${path.join(pki, 'ca.crt')}`,
        `--nats-cert=${path.join(pki, 'nats-host.crt')}`,
        `--nats-key=${path.join(pki, 'nats-host.key')}`,
        '--address=127.0.0.1',
        `--data-dir=${path.join(dir, name)}`,
        '--allow-file-load',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = createWriteStream(path.join(dir, 'logs', `${name}.log`));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    await eventually(`host ${name} is ready`, 60, async () => {
      const host = await lattice.get<Host>('wch', name);
      return condition(host, 'Ready') === 'True' ? true : undefined;
    });
    return child;
  }

  const isUp = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

  const condition = (host: Host, type: string): string | undefined =>
    host.status?.conditions?.find((each) => each.type === type)?.status;

  async function served(kind: string, name: string): Promise<string | undefined> {
    const { spec, status } = await lattice.get<Bound>(kind, name, '-n', 'hello');
    return spec.host === status?.hostName ? spec.host : undefined;
  }

  async function expectToRun(args: string[], output: RegExp): Promise<void> {
    const { code, stdout, stderr } = await lattice.kasmcloud(args);
    expect({ args, code, stderr, stdout }).toEqual({
      args,
      code: 0,
      stderr: expect.any(String) as string,
      stdout: expect.stringMatching(output) as string,
    });
  }

  beforeAll(async () => {
    lattice = await Installation.create('hosts-e2e');
    const up = await lattice.kasmcloud(['up', 'examples/hello']);
    if (up.code !== 0) throw new Error(`up ended with ${up.code}: ${up.stdout}\n${up.stderr}`);
    second = await startHost('second');
  });

  afterAll(async () => {
    second.kill('SIGKILL');
    await lattice.destroy();
  });

  test('cordon and uncordon say what they do, and do it once', async () => {
    await expectToRun(
      ['cordon', 'second', '--dry-run=client'],
      /^wasmcloudhost\/second cordoned \(dry run\)\n$/,
    );
    await expectToRun(
      ['cordon', 'second', '--dry-run=server'],
      /^wasmcloudhost\/second cordoned \(server dry run\)\n$/,
    );
    expect((await lattice.get<Host>('wch', 'second')).spec.unschedulable).toBe(false);
    await expectToRun(['cordon', 'second'], /^wasmcloudhost\/second cordoned\n$/);
    await expectToRun(['cordon', 'second'], /^wasmcloudhost\/second already cordoned\n$/);
    expect((await lattice.get<Host>('wch', 'second')).spec.unschedulable).toBe(true);
    await expectToRun(['uncordon', 'second'], /^wasmcloudhost\/second uncordoned\n$/);
    await expectToRun(['uncordon', 'second'], /^wasmcloudhost\/second already uncordoned\n$/);
    const unknown = await lattice.kasmcloud(['cordon', 'third']);
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no host third') as string,
    });
    const none = await lattice.kasmcloud(['cordon']);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Give names, or --selector') as string,
    });
  });

  test('a drain is refused for what people bound by name, unless that may stay', async () => {
    // As if somebody had named the host.
    await lattice.kubectl(['annotate', 'wcp', 'http', '-n', 'hello', 'kasmcloud.io/bound-by-']);
    const refused = await lattice.kasmcloud(['drain', 'local']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('bound to it by name: provider hello/http');
    expect(await served('wca', 'hello')).toBe('local');
    const both = await lattice.kasmcloud(['drain', 'local', 'second', '--dry-run']);
    expect(both).toMatchObject({ code: 1, stderr: refused.stderr });
    expect(both.stdout).toContain('wasmcloudhost/second drained (dry run)\n');

    const load = new Load(lattice.url);
    await expectToRun(
      ['drain', 'local', '--ignore-pinned', '--grace-period=20', '--timeout=2m'],
      /^wasmcloudhost\/local already cordoned\nmoving actor hello\/hello\n[^]*actor hello\/hello moved to host second\nwasmcloudhost\/local drained\n$/,
    );
    expect(await served('wca', 'hello')).toBe('second');
    expect(await load.end()).toEqual({ calls: expect.any(Number) as number, failures: [] });
    const local = await lattice.get<Host>('wch', 'local');
    expect(local.spec.drain).toEqual({ requested: true, graceSeconds: 20 });
    await expectToRun(['uncordon', 'local'], /uncordoned/);
  });

  test('a drained host holds nothing, and no call is lost on the way', async () => {
    const load = new Load(lattice.url);
    await expectToRun(['drain', 'second', '--dry-run=client'], /wasmcloudhost\/second drained \(dry run\)\n/);
    await expectToRun(['drain', 'second', '--timeout=2m'], /actor hello\/hello moved to host local\n/);
    expect(await served('wca', 'hello')).toBe('local');
    const { calls, failures } = await load.end();
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(10);
    const drained = await lattice.kubectl(['wait', '--for=condition=Drained', 'wch/second', '--timeout=10s']);
    expect(drained.stderr).toBe('');
    await expectToRun(['uncordon', 'second'], /uncordoned/);
    await eventually('the drain is over', 10, async () => {
      const host = await lattice.get<Host>('wch', 'second');
      return condition(host, 'Draining') === 'False' ? true : undefined;
    });
  });

  test('SIGTERM drains a host before it ends, and no call is lost on the way', async () => {
    await expectToRun(['drain', 'local', '--ignore-pinned', '--timeout=2m'], /moved to host second/);
    await expectToRun(['uncordon', 'local'], /uncordoned/);
    const load = new Load(lattice.url);
    const ended = once(second, 'exit');
    second.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await served('wca', 'hello')).toBe('local');
    expect(await load.end()).toEqual({ calls: expect.any(Number) as number, failures: [] });
    expect(condition(await lattice.get<Host>('wch', 'second'), 'Ready')).toBe('False');
  });

  test('replicas of a distribution leave a host without losing a call, when it is drained and when it gets SIGTERM', async () => {
    if (!isUp(second)) second = await startHost('second');
    const { spec } = await lattice.get<{ spec: { image: string } }>('wca', 'hello', '-n', 'hello');
    const distribution = {
      apiVersion: 'kasmcloud.io/v1alpha1',
      kind: 'WasmCloudDistribution',
      metadata: { name: 'replicas', namespace: 'hello' },
      spec: {
        instances: 4,
        template: { actor: { image: spec.image, componentId: 'hello' } },
      },
    };
    await lattice.kubectl(['delete', 'wca', 'hello', '-n', 'hello']);
    const applied = await lattice.kubectl(['apply', '-f', '-'], JSON.stringify(distribution));
    expect(applied.stderr).toBe('');
    const ready = ['wait', '--for=condition=Ready', 'wcd/replicas', '-n', 'hello', '--timeout=60s'];
    expect(await lattice.kubectl(ready)).toMatchObject({ code: 0 });
    const hosts = async (): Promise<string[]> => {
      const { items } = await lattice.get<{ items: Bound[] }>('wca', '-n', 'hello');
      return items.flatMap((item) => item.spec.host ?? []).sort();
    };
    expect(await hosts()).toEqual(['local', 'second']);
    await eventually('it answers', 30, () => body(lattice.url));

    const load = new Load(lattice.url);
    await expectToRun(['drain', 'second', '--timeout=2m'], /wasmcloudhost\/second drained\n$/);
    expect(await hosts()).toEqual(['local']);
    expect((await load.end()).failures).toEqual([]);

    await expectToRun(['uncordon', 'second'], /uncordoned/);
    await expectToRun(
      ['drain', 'local', '--ignore-pinned', '--timeout=2m'],
      /wasmcloudhost\/local drained\n$/,
    );
    expect(await hosts()).toEqual(['second']);
    await expectToRun(['uncordon', 'local'], /uncordoned/);
    const again = new Load(lattice.url);
    const ended = once(second, 'exit');
    second.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await hosts()).toEqual(['local']);
    expect((await again.end()).failures).toEqual([]);
    await lattice.kubectl(['delete', 'wcd', 'replicas', '-n', 'hello']);
    expect((await lattice.kasmcloud(['up', 'examples/hello'])).code).toBe(0);
  });

  test('what ran on a host that was killed runs elsewhere', async () => {
    if (!isUp(second)) second = await startHost('second');
    await expectToRun(['drain', 'local', '--ignore-pinned', '--timeout=2m'], /moved to host second/);
    await expectToRun(['uncordon', 'local'], /uncordoned/);
    second.kill('SIGKILL');
    await eventually('the actor is on the other host', 60, async () =>
      (await served('wca', 'hello')) === 'local' ? true : undefined,
    );
    const response = await fetch(lattice.url);
    expect(response.status).toBe(200);
  });
});
