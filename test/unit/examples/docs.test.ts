import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { Chart } from 'cdk8s';
import ts from 'typescript';
import { program, withSubcommands } from '../../../lib/cli/main';

// Every @example in the sources, and every one in the README and the guides, is a whole program: it type-checks as a user's would, and
// runs, unless it says by `mts` that it is a provider, which needs NATS. Commands are such as the command line has.

const root = path.resolve(__dirname, '../../..');

interface Example {
  /** Where the example stands, e.g. `constructs/actor.ts Actor`. */
  name: string;
  /** A file that does not exist, beside the tests, so that imports resolve as theirs do. */
  file: string;
  text: string;
}

const inSources = ['constructs', 'constructs/platform', 'stacks'].flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => examplesOf(path.join(folder, file))),
);
const guides = readdirSync(path.join(root, 'docs/guides')).map((file) => `docs/guides/${file}`);
const inTexts = ['README.md', ...guides].flatMap((file) => blocksOf(file));
const examples = [...inSources, ...inTexts];

test('everything that people import to call has an example', () => {
  const doors = {
    ...jest.requireActual<object>('kasmcloud'),
    ...jest.requireActual<object>('kasmcloud/stacks'),
  };
  const classes = Object.entries(doors)
    .filter(([name, value]) => typeof value === 'function' && !name.startsWith('WasmCloud'))
    .map(([name]) => name);
  expect(inSources.map(({ name }) => name.split(' ')[1]).sort()).toEqual(classes.sort());
});

test('examples type-check', () => {
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
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

test.each(['README.md', ...guides])('commands of %s exist', async (file) => {
  for (const args of commandsOf(file)) {
    const root = program();
    for (const each of withSubcommands(root)) each.exitOverride().action(() => {});
    await root.parseAsync(args, { from: 'user' });
  }
});

test('every guide has something to try', () => {
  const tried = (file: string) => blocksOf(file).length + commandsOf(file).length;
  expect(guides.filter((file) => tried(file) === 0)).toEqual([]);
  expect(guides.length).toBeGreaterThan(9);
});

describe('examples run and give valid manifests', () => {
  const manifests: object[] = [];
  const outdir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-docs-'));
  const outer = process.env['CDK8S_OUTDIR'];
  beforeAll(() => (process.env['CDK8S_OUTDIR'] = outdir));
  afterAll(() => {
    if (outer === undefined) delete process.env['CDK8S_OUTDIR'];
    else process.env['CDK8S_OUTDIR'] = outer;
    rmSync(outdir, { recursive: true });
  });

  beforeEach(async () => {
    manifests.length = 0;
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        manifests.push(inputs as object);
        return { id: name, state: inputs as object };
      },
      call: () => ({}),
    });
  });

  test.each(examples.filter(({ file }) => file.endsWith('.ts')))('$name', async ({ text }) => {
    const { outputText } = ts.transpileModule(
      `${text}\nexport const value = typeof lattice === 'object' ? lattice : typeof chart === 'object' ? chart : undefined;`,
      {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      },
    );
    const exports: { value?: Chart } = {};
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- runs the text of our own documentation
    const run = new Function('require', 'exports', outputText) as (r: NodeJS.Require, e: object) => void;
    run(require, exports);
    await pulumi.runtime.disconnect();
    expect(JSON.stringify(exports.value?.toJson() ?? manifests)).toContain('"apiVersion"');
  });
});

/** The programs in a Markdown file. */
function blocksOf(file: string): Example[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^```(m?ts)\n(.*?)^```$/gms)].map(([, kind = '', block = ''], at) => {
    const name = `${path.basename(file, '.md')}-${at + 1}`;
    return { name: `${file} ${at + 1}`, file: path.join(root, `test/example-${name}.${kind}`), text: block };
  });
}

/** The arguments of each `kasmcloud` in the shell blocks of a Markdown file. */
function commandsOf(file: string): string[][] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^ *npx kasmcloud (.*?)(?: *[#>|].*)?$/gm)].map(([, line = '']) =>
    line.trim().split(/ +/),
  );
}

function examplesOf(file: string): Example[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(root, file), 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  );
  const isDoor = (node: ts.Node) => ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node);
  return source.statements.filter(isDoor).flatMap((declaration) =>
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
