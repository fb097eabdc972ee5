// The files of a new platform repo. They use what every supported Node runs: TypeScript is compiled, not stripped.

/** Path and text of each file. */
export function initFiles(name: string, version: string): Record<string, string> {
  return {
    'package.json': json({
      name,
      version: '0.1.0',
      private: true,
      scripts: { build: 'tsc', synth: 'tsc && node main.js', test: 'tsc && node --test' },
      dependencies: {
        cdk8s: '^2.70.0',
        'cdk8s-plus-27': '^2.9.5',
        constructs: '^10.4.0',
        kasmcloud: `^${version}`,
      },
      devDependencies: {
        '@types/node': '^20.19.0',
        typescript: '~5.9.0',
      },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2022',
        module: 'node16',
        moduleResolution: 'node16',
        types: ['node'],
        strict: true,
        skipLibCheck: true,
        esModuleInterop: true,
      },
      include: ['*.ts'],
    }),
    'cdk8s.yaml': 'language: typescript\napp: npm run --silent synth\noutput: dist\n',
    'lattice.ts': lattice(name),
    'main.ts': main,
    'lattice.test.ts': test(name),
    '.gitignore': 'node_modules/\ndist/\n*.js\n',
    '.github/workflows/ci.yaml': workflow,
    'README.md': readme(name),
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const lattice = (name: string): string => `import type { Construct } from 'constructs';
import { Distribution, Lattice, Provider } from 'kasmcloud';

/** The lattice of this platform: an actor behind HTTP. */
export class Platform extends Lattice {
  constructor(scope: Construct, id = '${name}') {
    super(scope, id);
    const hello = new Distribution(this, 'hello', {
      actor: { image: 'registry.example.com/hello:0.1.0' },
      instances: 10,
    });
    const http = Provider.httpServer(this, 'http');
    http.linkTo(hello, {
      wit: 'wasi:http/incoming-handler',
      sourceConfig: { address: '127.0.0.1:8080' },
    });
  }
}
`;

const main = `import { App } from 'cdk8s';
import { Platform } from './lattice';

const app = new App();
new Platform(app);
app.synth();
`;

const test = (name: string): string => `import assert from 'node:assert/strict';
import test from 'node:test';
import { Testing } from 'cdk8s';
import { Platform } from './lattice';

const objects = Testing.synth(new Platform(Testing.app())) as { kind: string; metadata: { name: string }; spec: object }[];

test('everything stands in one namespace', () => {
  assert.equal(objects[0]?.kind, 'Namespace');
  assert.equal(objects[0]?.metadata.name, '${name}');
});

test('HTTP reaches the actor', () => {
  const link = objects.find(({ kind }) => kind === 'WasmCloudLink');
  assert.deepEqual(link?.spec, {
    source: 'http',
    target: 'hello',
    wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
    sourceConfig: { values: { address: '127.0.0.1:8080' } },
  });
});
`;

const workflow = `name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm
      - run: npm ci
      - run: npm test
      - run: npm run synth
      - uses: actions/upload-artifact@v4
        with:
          name: manifests
          path: dist
`;

const readme = (name: string): string => `# ${name}

A wasmCloud lattice as code.

| Command | What it does |
|---|---|
| \`npm install\` | once; commit the \`package-lock.json\` that it writes, CI wants it |
| \`npm test\` | checks types, runs the tests |
| \`npm run synth\` | writes the manifests to \`dist/\`, as \`cdk8s synth\` does where the cdk8s CLI is installed |
| \`npx kasmcloud up .\` | runs the lattice on this machine, once its images are there |
| \`npx kasmcloud diff . --context NAME\` | shows what applying it would change in a cluster |
| \`npx kasmcloud apply . --context NAME\`, \`kubectl apply -f dist/\` | applies it to a cluster that has KasmCloud |

The lattice is in \`lattice.ts\`: put your own images there.
`;
