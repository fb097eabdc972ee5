import type { KubeObject } from '../../../lib/api';
import { graphOf, mermaidText, svgText } from '../../../lib/graph';

const make = (
  kind: string,
  namespace: string | undefined,
  name: string,
  spec: object,
  status?: object,
): KubeObject =>
  ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind,
    metadata: { name, generation: 1, ...(namespace !== undefined && { namespace }) },
    spec,
    ...(status && { status }),
  }) as KubeObject;
const ready = (status: string): object => ({
  conditions: [{ type: 'Ready', status, observedGeneration: 1 }],
});
const link = (namespace: string, source: string, target: string, name?: string): KubeObject =>
  make('WasmCloudLink', namespace, `${source}-${target}`, {
    source,
    target,
    ...(name !== undefined && { name }),
    wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics'] },
  });

const lattice: KubeObject[] = [
  make('WasmCloudHost', undefined, 'alpha', { lattices: ['*'] }, ready('True')),
  make(
    'WasmCloudDistribution',
    'shop',
    'cart',
    { template: { actor: { image: 'i' } }, instances: 5 },
    {
      ...ready('False'),
      readyInstances: 3,
    },
  ),
  make('WasmCloudActor', 'shop', 'cart-1', { image: 'i', componentId: 'cart', host: 'alpha', instances: 2 }),
  make('WasmCloudActor', 'shop', 'cart-2', { image: 'i', componentId: 'cart', host: 'beta', instances: 1 }),
  make('WasmCloudActor', 'shop', 'cart-3', { image: 'i', componentId: 'cart', host: 'beta', instances: 2 }),
  make('WasmCloudProvider', 'shop', 'redis', { runtime: 'Container', image: 'i' }),
  link('shop', 'cart', 'redis'),
  link('shop', 'cart', 'elsewhere', 'spare'),
  make('WasmCloudDistribution', 'blog', 'cart', { template: { provider: { image: 'i' } }, mode: 'Daemon' }),
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'shop' } },
];

test('replicas are one node, at the hosts that run them', () => {
  const { groups, edges } = graphOf(lattice);
  expect(
    groups.map(({ title, nodes }) => [
      title,
      ...nodes.map((node) => `${node.kind} ${node.title}: ${node.detail}, ${node.ready}`),
    ]),
  ).toEqual([
    ['lattice blog', 'provider cart: provider, 1 on each host, undefined'],
    [
      'lattice shop',
      'actor cart: actor, 5 instances, 3 ready, false',
      'provider redis: provider, Container, undefined',
      'unknown elsewhere: not declared here, undefined',
    ],
    ['hosts', 'host alpha: host, true', 'host beta: host, undefined'],
  ]);
  expect(edges).toEqual([
    { kind: 'runs', from: 'component/shop/cart', to: 'host/alpha', label: '2 instances' },
    { kind: 'runs', from: 'component/shop/cart', to: 'host/beta', label: '3 instances' },
    {
      kind: 'link',
      from: 'component/shop/cart',
      to: 'component/shop/redis',
      label: 'wasi:keyvalue/store,atomics',
    },
    {
      kind: 'link',
      from: 'component/shop/cart',
      to: 'component/shop/elsewhere',
      label: 'wasi:keyvalue/store,atomics (spare)',
    },
  ]);
});

test('as a flowchart of Mermaid', () => {
  expect(mermaidText(graphOf(lattice))).toBe(`flowchart LR
  subgraph g0["lattice blog"]
    n0(["cart<br/>provider, 1 on each host"])
  end
  subgraph g1["lattice shop"]
    n1["cart<br/>actor, 5 instances, 3 ready"]
    n2(["redis<br/>provider, Container"])
    n3{{"elsewhere<br/>not declared here"}}
  end
  subgraph g2["hosts"]
    n4[["alpha<br/>host"]]
    n5[["beta<br/>host"]]
  end
  n1 -.->|"2 instances"| n4
  n1 -.->|"3 instances"| n5
  n1 -->|"wasi:keyvalue/store,atomics"| n2
  n1 -->|"wasi:keyvalue/store,atomics (spare)"| n3
  classDef waiting stroke:#c62828,stroke-width:2px
  class n1 waiting
`);
});

const hostile = '"]; <script>alert(1)</script> & \u0000 #quot; `x`';

test('text is text, whatever it says', () => {
  const nodes = [make('WasmCloudActor', 'n', hostile, { image: 'i' })];
  const mermaid = mermaidText(graphOf(nodes));
  expect(mermaid.split('\n')).toHaveLength(5);
  expect(mermaid).toContain(
    'n0["#34;#93;#59; #60;script#62;alert(1)#60;/script#62; #38; #0; #35;quot#59; #96;x#96;',
  );
  const svg = svgText(graphOf(nodes));
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&quot;]; &lt;script&gt;alert(1)&lt;/script&gt; &amp;   #quot; `x`');
});

describe('as a picture', () => {
  /** Rectangles of a class as [left, top, right, bottom]. */
  const boxes = (svg: string, pattern: RegExp): number[][] =>
    [...svg.matchAll(pattern)].map(({ groups }) => {
      const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((key) => Number(groups?.[key])) as [
        number,
        number,
        number,
        number,
      ];
      return [x, y, x + width, y + height];
    });
  const rectangle =
    'x="(?<x>[-\\d.]+)" y="(?<y>[-\\d.]+)" width="(?<width>[\\d.]+)" height="(?<height>[\\d.]+)"';
  const overlap = (a: number[], b: number[]): boolean =>
    (a[0] ?? 0) < (b[2] ?? 0) &&
    (b[0] ?? 0) < (a[2] ?? 0) &&
    (a[1] ?? 0) < (b[3] ?? 0) &&
    (b[1] ?? 0) < (a[3] ?? 0);

  test.each([
    ['the lattice above', lattice],
    [
      'many lattices, cycles and links to oneself',
      Array.from({ length: 12 }, (_, n) => [
        make('WasmCloudActor', `l${n % 4}`, `a${n}`, { image: 'i', host: `h${n % 3}` }),
        link(`l${n % 4}`, `a${n}`, `a${(n + 4) % 12}`),
        link(`l${n % 4}`, `a${n}`, `a${n}`, 'self'),
      ]).flat(),
    ],
  ])('%s: nothing covers another thing, and all is inside', (_what, objects) => {
    const svg = svgText(graphOf(objects));
    const groups = boxes(svg, new RegExp(`class="group" ${rectangle}`, 'g'));
    const nodes = boxes(svg, new RegExp(`</title><rect ${rectangle}`, 'g'));
    expect(groups).toHaveLength(graphOf(objects).groups.length);
    for (const set of [groups, nodes])
      for (const [index, box] of set.entries())
        for (const other of set.slice(index + 1)) expect(overlap(box, other)).toBe(false);
    const [, width = '0', height = '0'] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    for (const [left = 0, top = 0, right = 0, bottom = 0] of groups) {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(Number(width));
      expect(bottom).toBeLessThanOrEqual(Number(height));
    }
    expect(svg.match(/<path class="(link|runs)"/g)).toHaveLength(graphOf(objects).edges.length);
  });
});
