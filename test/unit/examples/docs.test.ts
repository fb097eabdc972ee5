import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';

// Every @example in the sources, and the one in the README, is a whole program: it type-checks as a user's would, and runs.

const root = path.resolve(__dirname, '../../..');

interface Example {
  /** Where the example stands, e.g. `constructs/actor.ts Actor`. */
  name: string;
  /** A file that does not exist, beside the tests, so that imports resolve as theirs do. */
  file: string;
  text: string;
}

const inSources = readdirSync(path.join(root, 'constructs')).flatMap((file) =>
  examplesOf(path.join('constructs', file)),
);
const [, inReadme = ''] = /```ts\n(.*?)```/s.exec(readFileSync(path.join(root, 'README.md'), 'utf8')) ?? [];
const examples = [
  ...inSources,
  { name: 'README.md', file: path.join(root, 'test/example-readme.ts'), text: inReadme },
];

test('every public construct has an example', () => {
  const classes = Object.entries(jest.requireActual<object>('kasmcloud'))
    .filter(([name, value]) => typeof value === 'function' && !name.startsWith('WasmCloud'))
    .map(([name]) => name);
  expect(inSources.map(({ name }) => name.split(' ')[1]).sort()).toEqual(classes.sort());
});

test('examples type-check', () => {
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const texts = new Map(examples.map(({ file, text }) => [file, text]));
  const disk = ts.createCompilerHost(config.options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => texts.has(file) || disk.fileExists(file),
    readFile: (file) => texts.get(file) ?? disk.readFile(file),
    getSourceFile: (file, options) => {
      const text = texts.get(file);
      return text === undefined
        ? disk.getSourceFile(file, options)
        : ts.createSourceFile(file, text, options);
    },
  };
  const program = ts.createProgram([...texts.keys()], { ...config.options, noUnusedLocals: false }, host);
  const problems = examples.flatMap(({ name, file }) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
  expect(problems).toEqual([]);
}, 120_000);

describe('examples run and give valid manifests', () => {
  const outdir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-docs-'));
  const outer = process.env['CDK8S_OUTDIR'];
  beforeAll(() => (process.env['CDK8S_OUTDIR'] = outdir));
  afterAll(() => {
    if (outer === undefined) delete process.env['CDK8S_OUTDIR'];
    else process.env['CDK8S_OUTDIR'] = outer;
    rmSync(outdir, { recursive: true });
  });

  test.each(examples)('$name', ({ text }) => {
    const { outputText } = ts.transpileModule(`${text}\nexport const synthesized = lattice.node.root;`, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const exports: { synthesized?: { synthYaml(): string } } = {};
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- runs the text of our own documentation
    const run = new Function('require', 'exports', outputText) as (r: NodeJS.Require, e: object) => void;
    run(require, exports);
    expect(exports.synthesized?.synthYaml()).toContain('kind: WasmCloud');
  });
});

function examplesOf(file: string): Example[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(root, file), 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  );
  return source.statements.filter(ts.isClassDeclaration).flatMap((declaration) =>
    ts
      .getJSDocTags(declaration)
      .filter((tag) => tag.tagName.text === 'example')
      .map((tag) => ({
        name: `${file} ${declaration.name?.text ?? ''}`,
        file: path.join(root, 'test', `example-${declaration.name?.text ?? ''}.ts`),
        text: ts.getTextOfJSDocComment(tag.comment) ?? '',
      })),
  );
}
