import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

// Every @example of the SDK is a whole program: it type-checks as a user's would.

const root = path.resolve(__dirname, '../../..');
const folder = path.join(root, 'lib/provider');

const examples = readdirSync(folder).flatMap((file) => {
  const text = readFileSync(path.join(folder, file), 'utf8');
  return [...text.matchAll(/@example\n(.*?)\*\//gs)].map(([, body = ''], at) => ({
    name: `${file} ${at + 1}`,
    text: `${body.replace(/^ *\* ?/gm, '')}\nexport {};`,
  }));
});

test('the entry, serving and calling have examples', () => {
  expect(examples.map(({ name }) => name)).toEqual(['connect.ts 1', 'provider.ts 1', 'provider.ts 2']);
});

test('examples type-check', () => {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    root,
  );
  // Modules: a provider is free to wait at the top level.
  const texts = new Map(
    examples.map(({ text }, at) => [path.join(root, `test/example-provider-${at}.mts`), text]),
  );
  const disk = ts.createCompilerHost(options);
  const program = ts.createProgram(
    [...texts.keys()],
    { ...options, noUnusedLocals: false, incremental: false },
    {
      ...disk,
      fileExists: (file) => texts.has(file) || disk.fileExists(file),
      readFile: (file) => texts.get(file) ?? disk.readFile(file),
      getSourceFile: (file, target) => {
        const text = texts.get(file);
        return text === undefined
          ? disk.getSourceFile(file, target)
          : ts.createSourceFile(file, text, target);
      },
    },
  );
  const problems = [...texts.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
  expect(problems).toEqual([]);
}, 120_000);
