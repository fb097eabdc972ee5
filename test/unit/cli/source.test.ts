import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { locate } from '../../../lib/cli/source';
import { synthesize } from '../../../lib/cli/synthesize';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-source-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const options = { step: { update: () => undefined }, signal: new AbortController().signal };
const tools = { node: process.execPath };

describe('locate', () => {
  test('YAML is read as it is', () => {
    const file = write('a.yaml', 'kind: X');
    expect(locate(file)).toMatchObject({ kind: 'manifests', texts: [{ label: file, text: 'kind: X' }] });
  });

  test('a folder of manifests is all that is in it, and not what tells other tools to apply them', async () => {
    const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
    write('dist/0001-b.k8s.yaml', map('b'));
    write('dist/0000-a/a.yml', map('a'));
    write('dist/kustomization.yaml', 'resources: []');
    write('dist/chart/Chart.yaml', 'name: c');
    write('dist/chart/templates/c.yaml', map('c'));
    const objects = await synthesize(locate(path.join(dir, 'dist')), tools, options);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  test('a program runs where the command runs', () => {
    const file = write('lattice.mts', '');
    expect(locate(file)).toMatchObject({ kind: 'program', cwd: process.cwd(), run: { file } });
  });

  test('a folder runs the app of its cdk8s.yaml, in the folder, with the tools that it asks for', () => {
    write('app/cdk8s.yaml', 'language: typescript\napp: node main.js\nkasmcloud: {tools: [wasm]}');
    const folder = path.join(dir, 'app');
    expect(locate(folder)).toMatchObject({ cwd: folder, run: { shell: 'node main.js' }, tools: ['wasm'] });
  });

  test('an example is found by its name', () => {
    expect(locate('hello')).toMatchObject({ kind: 'program', label: 'the example hello' });
  });

  test.each([
    ['app/cdk8s.yaml', 'language: typescript', 'app', /cdk8s\.yaml has no app: undefined/],
    ['app/cdk8s.yaml', 'app: [', 'app', /cdk8s\.yaml is not YAML/],
    ['app/cdk8s.yaml', 'app: x\nkasmcloud: {tools: [brass]}', 'app', /kasmcloud\.tools is \["brass"\]/],
    ['app/other', '', 'app', /app has neither a cdk8s\.yaml nor manifests/],
    ['a.txt', '', 'a.txt', /a\.txt is neither a program .* nor manifests/],
    ['a.txt', '', 'b.txt', /There is no .*b\.txt.*examples: .*hello/s],
  ])('%s of %j: %s is refused', (name, text, source, message) => {
    write(name, text);
    expect(() => locate(path.join(dir, source))).toThrow(message);
  });
});

describe('synthesize', () => {
  const program = `
    const { mkdirSync, writeFileSync } = require('node:fs');
    const out = process.env.CDK8S_OUTDIR;
    mkdirSync(out + '/sub');
    writeFileSync(out + '/0001-b.k8s.yaml', 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: b}\\n');
    writeFileSync(out + '/0000-a.k8s.yaml', 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n');
    writeFileSync(out + '/README', 'not this');
    console.log('working');
  `;

  test('collects what a program writes, in order', async () => {
    const lines: string[] = [];
    const source = locate(write('main.js', program));
    const objects = await synthesize(source, tools, { ...options, onLine: (line) => lines.push(line) });
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(lines).toEqual(['working']);
  });

  test('leaves out what tells kustomize and Helm to apply the same objects', async () => {
    const more = `
      mkdirSync(out + '/chart/templates', { recursive: true });
      writeFileSync(out + '/kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\\nkind: Kustomization\\n');
      writeFileSync(out + '/chart/Chart.yaml', 'apiVersion: v2\\nname: shop\\n');
      writeFileSync(out + '/chart/templates/a.yaml', 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n');
      writeFileSync(out + '/sub/c.yaml', 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: c}\\n');`;
    const source = locate(write('main.js', program + more));
    const objects = await synthesize(source, tools, options);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
  });

  test('runs the app of a folder with our Node first on PATH', async () => {
    write('cdk8s.yaml', 'app: node main.js && test "$(command -v node)" = "$EXPECTED_NODE"');
    write('main.js', program);
    process.env['EXPECTED_NODE'] = process.execPath;
    await expect(synthesize(locate(dir), tools, options)).resolves.toHaveLength(2);
  });

  test('a program that fails is quoted', async () => {
    const source = locate(write('main.js', 'console.error("no such lattice"); process.exit(4)'));
    await expect(synthesize(source, tools, options)).rejects.toThrow(/ended with code 4.*no such lattice/s);
  });

  test('of a program that is not valid only the issues are told', async () => {
    const failing = `const { App, Chart } = require('${require.resolve('cdk8s')}');
      const app = new App();
      const chart = new Chart(app, 'shop');
      chart.node.addValidation({ validate: () => ['instances must be >= 0, got -4', 'image must be set'] });
      app.synth();`;
    const source = locate(write('main.js', failing));
    await expect(synthesize(source, tools, options)).rejects.toThrow(
      /main\.js is not valid:\n {2}\[shop\] instances must be >= 0, got -4\n {2}\[shop\] image must be set$/,
    );
  });

  test('a package that is missing is named, without the stack of Node', async () => {
    const source = locate(write('main.mjs', "import '@scope/absent/part';"));
    const failure = synthesize(source, tools, options);
    await expect(failure).rejects.toThrow(/npm install @scope\/absent`$/);
    await expect(failure).rejects.not.toThrow(/ at .*node:/);
  });

  test('an interruption stays one', async () => {
    const source = locate(write('main.js', 'setTimeout(() => undefined, 60_000)'));
    const reason = new Error('Ctrl-C');
    const stopped = { ...options, signal: AbortSignal.abort(reason) };
    await expect(synthesize(source, tools, stopped)).rejects.toBe(reason);
  });

  test('manifests without an object are refused', async () => {
    const source = locate(write('empty.yaml', '# nothing\n---\n'));
    await expect(synthesize(source, tools, options)).rejects.toThrow(/empty\.yaml holds no objects/);
  });

  test('a program that writes nothing is told what to do', async () => {
    const source = locate(write('main.js', ''));
    await expect(synthesize(source, tools, options)).rejects.toThrow(/wrote no manifests.*app\.synth\(\)/s);
  });
});
