import path from 'node:path';
import ts from 'typescript';
import { importApplications, typescriptSource } from '../../../lib/oam';
import { byName, fixtures } from './fixtures';
import { runProgram } from './run-program';

// A program that was made from manifests is a user's program: it type-checks, lints itself of nothing unused, runs, and makes the very
// objects that the import to YAML gives.

const root = path.resolve(__dirname, '../../..');
const programs = fixtures.map((file) => {
  const { objects } = importApplications([file], 'default');
  return { name: file.name, objects, source: typescriptSource(objects, 'default', `From ${file.name}`) };
});

test.each(programs)('$name synthesizes to the same objects', ({ objects, source }) => {
  expect(byName(runProgram(source))).toEqual(byName(objects));
});

test('all type-check, and have no variable without use', () => {
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    root,
  );
  const texts = new Map(programs.map(({ name, source }) => [path.join(root, 'test', `${name}.ts`), source]));
  const disk = ts.createCompilerHost(config.options);
  const program = ts.createProgram(
    [...texts.keys()],
    { ...config.options, noUnusedLocals: true },
    {
      ...disk,
      fileExists: (file) => texts.has(file) || disk.fileExists(file),
      readFile: (file) => texts.get(file) ?? disk.readFile(file),
      getSourceFile: (file, options) => {
        const text = texts.get(file);
        return text === undefined
          ? disk.getSourceFile(file, options)
          : ts.createSourceFile(file, text, options);
      },
    },
  );
  const problems = [...texts.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(
        ({ messageText }) => `${path.basename(file)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
  );
  expect(problems).toEqual([]);
}, 120_000);

test('what stands in a lattice as it is, is said on purpose', () => {
  const actor = {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name: 'desk', namespace: 'default' },
    spec: { image: 'registry.example.com/desk:1', config: { values: { token: 'csrf' } } },
  };
  const source = typescriptSource([actor], 'default', 'Exported');
  expect(source).toContain("config: Config.plain({ token: 'csrf' })");
  expect(byName(runProgram(source))['WasmCloudActor/desk']).toMatchObject({ spec: actor.spec });
});

test('reads as people would write it', () => {
  const { source } = programs.find(({ name }) => name === 'shared.yaml') ?? { source: '' };
  expect(source).toMatch(/^const http = new Distribution\(lattice, 'http-server', \{$/m);
  expect(source).toMatch(/^http\.linkTo\(pages, \{$/m);
  expect(source).not.toContain("name: 'http-server'");
  expect(source).toContain(`wit: 'acme:audit/log,trail'`);
});
