import {
  customResourceDefinitions,
  kasmcloudResources,
  type KubeObject,
  type ResourceType,
  validateManifest,
  validateUpdate,
  type ValidationIssue,
  type WasmCloudActor,
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
} from '../../lib/api';
import { isApiError, type KubeClient } from '../../lib/kube';
import { ensureNamespace, testClient } from './cluster';
import { actor, distribution, host, namespace, ruleCases, type RuleCase, schemaCases } from './crd-cases';

let client: KubeClient;
const created: [ResourceType, KubeObject][] = [];

beforeAll(async () => {
  client = await testClient();
  await ensureNamespace(client, namespace);
});
afterEach(async () => {
  for (const [type, { metadata }] of created.splice(0)) await client.delete(type, metadata);
});
afterAll(() => client.connection.close());

function resourceOf(kind: string): ResourceType {
  const type = kasmcloudResources.find((resource) => resource.kind === kind);
  if (!type) throw new Error(`${kind} is none of the six kinds`);
  return type;
}

/** Creates an object, removed after the test. */
async function create<T extends KubeObject>(object: KubeObject): Promise<T> {
  const type = resourceOf(object.kind);
  const result = await client.create(type, object);
  created.push([type, object]);
  return result as T;
}

async function replace(old: KubeObject, object: KubeObject): Promise<KubeObject> {
  const type = resourceOf(object.kind);
  const { resourceVersion } = old.metadata;
  try {
    return await client.replace(type, {
      ...object,
      metadata: { ...object.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    });
  } catch (error) {
    if (!isApiError(error, 409)) throw error;
    // A controller of another test may still be on its way out, and write a status.
    return replace(await client.get(type, old.metadata), object);
  }
}

/** What the API server finds wrong, in the form of our own issues. */
async function refusal(attempt: Promise<unknown>): Promise<ValidationIssue[]> {
  try {
    await attempt;
    return [];
  } catch (error) {
    if (!isApiError(error, 422)) throw error;
    return error.causes
      .filter(({ field }) => field !== '<nil>') // The server's note that it evaluated no rules on a malformed object.
      .map(({ field = '', message = '' }) => ({ path: field.replace(/^\./, ''), message }));
  }
}

const anyIndex = (path: string): string => path.replace(/\[\d+\]/g, '[]');
const paths = (issues: readonly ValidationIssue[]): string[] =>
  [...new Set(issues.map(({ path }) => path))].sort();

const nameOf = ({ kind, path, says }: RuleCase): string => `${kind} ${path} ${says}`;

describe.each(ruleCases.map((ruleCase) => [nameOf(ruleCase), ruleCase] as const))('%s', (_, ruleCase) => {
  const { from, accepted, rejected, path, says } = ruleCase;

  test('the API server and we accept', async () => {
    if (from) {
      await replace(await create(from), accepted);
      expect(validateUpdate(from, accepted)).toEqual([]);
    } else {
      await create(accepted);
      expect(validateManifest(accepted)).toEqual([]);
    }
  });

  test('the API server and we refuse, with the same words at the same place', async () => {
    const old = from && (await replace(await create(from), accepted));
    const theirs = await refusal(old ? replace(old, rejected) : create(rejected));
    const ours = from ? validateUpdate(accepted, rejected) : validateManifest(rejected);
    for (const issues of [theirs, ours]) {
      expect(issues.map((issue) => anyIndex(issue.path))).toEqual([path]);
      expect(issues[0]?.message).toContain(says);
    }
    expect(ours[0]?.path).toBe(theirs[0]?.path);
  });
});

test('spec.host may change, or go, while condition Placed is False', async () => {
  const bound = actor({ host: 'a' });
  await create(bound);
  const placed = (status: string): object => ({
    conditions: [
      { type: 'Placed', status, reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  });
  const patch = (object: Record<string, object>, subresource?: 'status'): Promise<KubeObject> =>
    client.patch(WasmCloudActorResource, bound.metadata, object, { ...(subresource && { subresource }) });
  for (const [status, accepted] of [
    ['True', false],
    ['Unknown', false],
    ['False', true],
  ] as const) {
    const old = await patch({ status: placed(status) }, 'status');
    for (const host of ['b', null]) {
      const spec = { ...(old as WasmCloudActor).spec, host: host ?? undefined };
      const theirs = await refusal(client.patch(WasmCloudActorResource, bound.metadata, { spec: { host } }));
      expect(theirs.map(({ path }) => path)).toEqual(accepted ? [] : ['spec.host']);
      const ours = validateUpdate(old, { ...old, spec } as KubeObject);
      expect(ours.map(({ path }) => path)).toEqual(theirs.map(({ path }) => path));
      if (accepted) await patch({ spec: { host: 'a' } });
    }
  }
});

test('each rule of crds/ has its case', () => {
  interface Node {
    properties?: Record<string, Node>;
    items?: Node;
    'x-kubernetes-validations'?: { message: string; fieldPath?: string }[];
  }
  const rules: { kind: string; path: string; message: string }[] = [];
  const collect = (kind: string, path: string, node: Node): void => {
    for (const { message, fieldPath = '' } of node['x-kubernetes-validations'] ?? [])
      rules.push({ kind, path: `${path}${fieldPath}`.replace(/^\./, ''), message });
    for (const [name, child] of Object.entries(node.properties ?? {}))
      collect(kind, path === '' ? name : `${path}.${name}`, child);
    if (node.items) collect(kind, `${path}[]`, node.items);
  };
  for (const { spec } of customResourceDefinitions()) {
    const { openAPIV3Schema } = spec.versions[0]?.schema as { openAPIV3Schema: Node };
    collect(spec.names.kind, '', openAPIV3Schema);
  }
  const casesOf = (rule: (typeof rules)[number]): number =>
    ruleCases.filter(
      ({ kind, path, says }) => kind === rule.kind && path === rule.path && rule.message.startsWith(says),
    ).length;
  expect(rules.filter((rule) => casesOf(rule) !== 1)).toEqual([]);
  expect(ruleCases).toHaveLength(rules.length);
});

test.each(schemaCases)('the API server and we refuse %s at the same place', async (_, rejected) => {
  const theirs = await refusal(create(rejected));
  expect(theirs).not.toEqual([]);
  expect(paths(validateManifest(rejected))).toEqual(paths(theirs));
});

describe('what kubectl shows and uses', () => {
  test('short names and the category', async () => {
    const { resources } = JSON.parse(await client.raw('/apis/kasmcloud.io/v1alpha1')) as {
      resources: { name: string; shortNames?: string[]; categories?: string[] }[];
    };
    const main = resources.filter(({ name }) => !name.includes('/'));
    expect(Object.fromEntries(main.map(({ name, shortNames }) => [name, shortNames]))).toEqual({
      wasmcloudhosts: ['wch'],
      wasmcloudactors: ['wca'],
      wasmcloudproviders: ['wcp'],
      wasmcloudlinks: ['wcl'],
      wasmclouddistributions: ['wcd'],
      wasmcloudlattices: ['wclat'],
    });
    expect(main.every(({ categories }) => categories?.includes('kasmcloud'))).toBe(true);
  });

  test.each([
    ['WasmCloudHost', 'Name Ready Type Version Instances Providers Cordoned Age', 'Node Id'],
    ['WasmCloudActor', 'Name Ready Desired Current Host Image Age', 'Digest'],
    ['WasmCloudProvider', 'Name Ready Runtime Host Image Age', 'Restarts Digest'],
    ['WasmCloudLink', 'Name Ready Source Target Package Link Age', ''],
    ['WasmCloudDistribution', 'Name Ready Mode Desired Current Updated Available Age', 'Revision'],
    ['WasmCloudLattice', 'Name Ready Hosts Actors Providers Links Age', 'Id'],
  ])('the columns of %s', async (kind, narrow, wide) => {
    const { columnDefinitions } = await client.table(resourceOf(kind));
    const columns = (isWide: boolean): string =>
      columnDefinitions
        .filter(({ priority }) => priority > 0 === isWide)
        .map(({ name }) => name)
        .join(' ');
    expect([columns(false), columns(true)]).toEqual([narrow, wide]);
  });

  test('what the columns of an actor say', async () => {
    const { metadata } = await create<WasmCloudActor>(actor({ host: 'a', instances: 3 }));
    await client.applyStatus(
      WasmCloudActorResource,
      {
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind: 'WasmCloudActor',
        metadata: { name: metadata.name, namespace },
        status: {
          instances: 2,
          conditions: [
            {
              type: 'Ready',
              status: 'False',
              reason: 'Starting',
              message: '',
              lastTransitionTime: '2030-01-01T00:00:00Z',
            },
          ],
        },
      },
      { fieldManager: 'test' },
    );
    const { rows, columnDefinitions } = await client.table(WasmCloudActorResource, { namespace });
    const cells = Object.fromEntries(
      columnDefinitions.map(({ name }, index) => [name, rows[0]?.cells[index]]),
    );
    expect(cells).toMatchObject({ Name: 'case', Ready: 'False', Desired: 3, Current: 2, Host: 'a' });
  });

  test.each([
    ['an actor', WasmCloudActorResource, actor()],
    ['a distribution', WasmCloudDistributionResource, distribution()],
  ] as const)('the scale of %s', async (_, resource, object) => {
    const type: ResourceType = resource;
    await create(object);
    await client.patch(
      type,
      object.metadata,
      { status: { instances: 1, selector: 'kasmcloud.io/component=case' } },
      { subresource: 'status' },
    );
    const scaled: unknown = await client.patch(
      type,
      object.metadata,
      { spec: { replicas: 5 } },
      { subresource: 'scale' },
    );
    expect(scaled).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 5 },
      status: { replicas: 1, selector: 'kasmcloud.io/component=case' },
    });
    expect(await client.get(type, object.metadata)).toMatchObject({ spec: { instances: 5 } });
  });

  test('objects are selectable by the host they are bound to', async () => {
    await create(actor({ host: 'a' }, 'on-a'));
    await create(actor({ host: 'b' }, 'on-b'));
    await create(actor({}, 'unbound'));
    const names = async (host: string): Promise<string[]> => {
      const fieldSelector = `spec.host=${host}`;
      const { items } = await client.list(WasmCloudActorResource, { namespace, fieldSelector });
      return items.map(({ metadata }) => metadata.name);
    };
    expect(await names('a')).toEqual(['on-a']);
    expect(await names('')).toEqual(['unbound']);
  });
});

test('defaults are filled in', async () => {
  expect(await create(actor())).toMatchObject({ spec: { instances: 1, managementPolicy: 'Manage' } });
  expect(await create(host({ lattices: [] }))).toMatchObject({
    spec: { type: 'Kasm', unschedulable: false, drain: { graceSeconds: 30 } },
  });
  expect(
    await create(distribution({ strategy: { rollingUpdate: {} }, spread: [{ name: 'all' }] })),
  ).toMatchObject({
    spec: {
      mode: 'Spread',
      instances: 1,
      spread: [{ name: 'all', weight: 100 }],
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      rebalance: 'OnHostAdded',
    },
  });
});

test('a canary is judged by defaults where its analysis leaves something open', async () => {
  const judged = (analysis: object): KubeObject =>
    distribution({ strategy: { type: 'Canary', canary: { steps: [{ weight: 50 }], analysis } } });
  expect(await create(judged({ maxErrorPercent: 0 }))).toMatchObject({
    spec: { strategy: { canary: { analysis: { maxErrorPercent: 0, minErrors: 3, windowSeconds: 20 } } } },
  });
  for (const wrong of [{ maxErrorPercent: 101 }, { minErrors: 0 }, { windowSeconds: 4 }])
    await expect(create(judged(wrong))).rejects.toThrow(`analysis.${Object.keys(wrong)[0]}`);
});

test('status is written through its subresource only', async () => {
  const object = host({ lattices: [] });
  await create({ ...object, status: { friendlyName: 'ignored' } } as KubeObject);
  expect(await client.get(WasmCloudHostResource, object.metadata)).not.toHaveProperty('status');
});
