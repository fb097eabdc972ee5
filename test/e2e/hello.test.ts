import { body, eventually, Installation, isRunning } from './installation';

interface Listed {
  items: { kind: string; metadata: { name: string; namespace?: string; uid: string }; status?: Status }[];
}

interface Status {
  instances?: number;
  readyInstances?: number;
  conditions?: {
    type: string;
    status: string;
    reason: string;
    message: string;
    observedGeneration?: number;
  }[];
}

const kinds = [
  'wasmcloudhosts',
  'wasmcloudactors',
  'wasmcloudproviders',
  'wasmcloudlinks',
  'wasmclouddistributions',
  'wasmcloudlattices',
];

describe('the hello lattice, as a user runs it', () => {
  let lattice: Installation;

  beforeAll(async () => {
    lattice = await Installation.create('hello-e2e');
    const up = await lattice.kasmcloud(['up', 'examples/hello']);
    if (up.code !== 0) throw new Error(`up ended with ${up.code}: ${up.stdout}\n${up.stderr}`);
  });

  afterAll(() => lattice.destroy());

  const answers = () => eventually('an answer from the actor', 60, () => body(lattice.url));

  // A connection that a client keeps open may be answered once more while it is asked to close.
  const stopped = () =>
    eventually('the actor to stop', 30, async () => {
      const response = await fetch(lattice.url);
      await response.arrayBuffer();
      return response.status === 503 ? true : undefined;
    });

  test('answers HTTP from the Wasm actor', async () => {
    expect(await answers()).toMatch(/hello/i);
  });

  test('kubectl knows the six kinds, by plural, short name and category', async () => {
    for (const kind of kinds) {
      const listed = await lattice.kubectl(['get', kind, '--all-namespaces']);
      expect({
        kind,
        code: listed.code,
        stderr: listed.stderr.replace(/^No resources found.*\n?/, ''),
      }).toEqual({
        kind,
        code: 0,
        stderr: '',
      });
    }
    const short = await lattice.kubectl([
      'get',
      'wch,wca,wcp,wcl,wcd,wclat',
      '--all-namespaces',
      '-o',
      'name',
    ]);
    expect(short.stdout).toContain('wasmcloudactor.kasmcloud.io/hello');
    const all = await lattice.get<Listed>('kasmcloud', '--all-namespaces');
    expect(new Set(all.items.map((item) => item.kind))).toEqual(
      new Set(['WasmCloudHost', 'WasmCloudActor', 'WasmCloudProvider', 'WasmCloudLink']),
    );
  });

  test('kubectl wait sees Ready on all of them', async () => {
    for (const kind of ['wch', 'wca', 'wcp', 'wcl']) {
      const scope = kind === 'wch' ? [] : ['-n', 'hello'];
      const waited = await lattice.kubectl([
        'wait',
        '--for=condition=Ready',
        '--timeout=30s',
        '--all',
        kind,
        ...scope,
      ]);
      expect({ kind, code: waited.code, output: waited.stdout + waited.stderr }).toMatchObject({
        kind,
        code: 0,
      });
    }
  });

  test('kubectl scale changes how many instances serve, down to none and back', async () => {
    for (const replicas of [3, 0, 10]) {
      const scaled = await lattice.kubectl([
        'scale',
        'wasmcloudactor/hello',
        '-n',
        'hello',
        `--replicas=${replicas}`,
      ]);
      expect(scaled.stderr).toBe('');
      await eventually(`${replicas} instances`, 30, async () => {
        const actor = await lattice.get<{ status?: Status }>('wca', 'hello', '-n', 'hello');
        return actor.status?.instances === replicas ? true : undefined;
      });
      if (replicas === 0) {
        await stopped();
      } else {
        await answers();
      }
    }
  });

  test('a deleted actor stops serving, says so in the link, and serves again when it is applied again', async () => {
    await lattice.kubectl(['delete', 'wca', 'hello', '-n', 'hello', '--wait=true']);
    await stopped();
    await eventually('the link to say what is missing', 30, async () => {
      const links = await lattice.get<Listed>('wcl', '-n', 'hello');
      const resolved = links.items[0]?.status?.conditions?.find((condition) => condition.type === 'Resolved');
      return resolved?.status === 'False' && resolved.message.includes('hello') ? true : undefined;
    });
    const up = await lattice.kasmcloud(['up', 'examples/hello']);
    expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
    expect(await answers()).toMatch(/hello/i);
  });

  describe('any process may die', () => {
    const uids = async () => {
      const all = await lattice.get<Listed>('kasmcloud', '--all-namespaces');
      return all.items.map((item) => `${item.kind}/${item.metadata.name}/${item.metadata.uid}`).sort();
    };

    test.each(['host', 'reconciler', 'nats', 'apiserver', 'kine', 'controller-manager'])(
      'kill -9 of %s: the lattice serves again and nothing is lost',
      async (name) => {
        const before = await uids();
        const victim = (await lattice.processes()).find((candidate) => candidate.name.includes(name));
        if (victim?.pid === undefined)
          throw new Error(`no process ${name} in ${JSON.stringify(await lattice.processes())}`);
        process.kill(victim.pid, 'SIGKILL');
        await eventually(`${name} to run again`, 90, async () => {
          const now = (await lattice.processes()).find((candidate) => candidate.name === victim.name);
          return now?.pid !== undefined && now.pid !== victim.pid && now.restarts > victim.restarts
            ? true
            : undefined;
        });
        expect(await answers()).toMatch(/hello/i);
        await eventually('every object to be Ready again', 90, async () => {
          const all = await lattice.get<Listed>('kasmcloud', '--all-namespaces');
          const ready = all.items.map((item) =>
            item.status?.conditions?.find((condition) => condition.type === 'Ready'),
          );
          return ready.every((condition) => condition?.status === 'True') ? true : undefined;
        });
        expect(await uids()).toEqual(before);
      },
    );
  });

  describe('bad input', () => {
    const apply = (manifest: object) => lattice.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
    const actor = (name: string, spec: object) => ({
      apiVersion: 'kasmcloud.io/v1alpha1',
      kind: 'WasmCloudActor',
      metadata: { name, namespace: 'hello' },
      spec,
    });
    const notReady = (kind: string, name: string) =>
      eventually(`${kind} ${name} to say why it is not ready`, 60, async () => {
        const object = await lattice.get<{ status?: Status }>(kind, name, '-n', 'hello');
        const failing = object.status?.conditions?.filter((condition) => condition.status === 'False') ?? [];
        return failing.length > 0
          ? failing.map((condition) => `${condition.reason}: ${condition.message}`).join('\n')
          : undefined;
      });

    afterEach(async () => {
      await lattice.kubectl(['delete', 'wca,wcp,wcl', '-n', 'hello', '-l', 'test=bad-input']);
      expect(await answers()).toMatch(/hello/i);
    });

    const labelled = <T extends { metadata: object }>(object: T) => ({
      ...object,
      metadata: { ...object.metadata, labels: { test: 'bad-input' } },
    });

    test('an image file that is not there', async () => {
      await apply(labelled(actor('missing', { image: 'file:///nowhere/missing.wasm' })));
      expect(await notReady('wca', 'missing')).toContain('/nowhere/missing.wasm');
    });

    test('a file that is no component', async () => {
      await apply(labelled(actor('broken', { image: `file://${__filename}` })));
      expect(await notReady('wca', 'broken')).toMatch(/InvalidComponent|InvalidImage/);
    });

    test('an image in a registry that does not answer', async () => {
      await apply(labelled(actor('unreachable', { image: '127.0.0.1:1/nobody/home:1.0.0' })));
      expect(await notReady('wca', 'unreachable')).toContain('127.0.0.1:1');
    });

    test('a host that does not exist', async () => {
      await apply(labelled(actor('elsewhere', { image: 'file:///nowhere.wasm', host: 'no-such-host' })));
      expect(await notReady('wca', 'elsewhere')).toContain('no-such-host');
    });

    test('a port in use', async () => {
      const provider = labelled({
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind: 'WasmCloudProvider',
        metadata: { name: 'second', namespace: 'hello' },
        spec: { image: 'builtin://http-server' },
      });
      const link = labelled({
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind: 'WasmCloudLink',
        metadata: { name: 'second', namespace: 'hello' },
        spec: {
          source: 'second',
          target: 'hello',
          wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
          sourceConfig: { values: { address: `127.0.0.1:${lattice.port}` } },
        },
      });
      await apply(provider);
      await apply(link);
      expect(await notReady('wcp', 'second')).toContain(String(lattice.port));
    });

    test('a manifest that the schema forbids: nothing of it is applied', async () => {
      const refused = await lattice.kasmcloud(
        ['up', '-'],
        JSON.stringify(labelled(actor('fine', { image: 'file:///x.wasm' }))) +
          '\n---\n' +
          JSON.stringify(labelled(actor('negative', { image: 'file:///x.wasm', instances: -1 }))),
      );
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/spec\.instances.*-1/);
      const fine = await lattice.kubectl(['get', 'wca', 'fine', '-n', 'hello']);
      expect(fine.stderr).toContain('not found');
    });
  });

  test('down leaves no process', async () => {
    const pids = (await lattice.processes()).map((status) => status.pid).filter((pid) => pid !== undefined);
    expect(pids.length).toBeGreaterThanOrEqual(5);
    const down = await lattice.kasmcloud(['down']);
    expect({ code: down.code, stderr: down.stderr }).toMatchObject({ code: 0 });
    const alive = pids.filter(isRunning);
    expect(alive).toEqual([]);
  });
});
