import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { KasmError } from '../base/errors';
import type { NpmToolSet } from '../local/npm-tools';
import { packageRoot } from '../local/package-root';
import { type ManifestText, manifestsIn } from './manifest-files';
import { unpackExample } from './unpack-example';

/** Where the manifests of a lattice come from. */
export type Source =
  /** Text that is there already. */
  | { readonly kind: 'manifests'; readonly label: string; readonly texts: readonly ManifestText[] }
  /** A program that writes them to `CDK8S_OUTDIR`, to be run in `cwd`. */
  | {
      readonly kind: 'program';
      readonly label: string;
      readonly cwd: string;
      /** A shell command, or a file for Node. */
      readonly run: { readonly shell: string } | { readonly file: string };
      /** Sets of tools that it wants, e.g. `wasm` to build actors with. */
      readonly tools: readonly NpmToolSet[];
    };

const programs = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const manifests = ['.yaml', '.yml', '.json'];

/**
 * Finds what `kasmcloud up SOURCE` means.
 * @throws KasmError when it means nothing
 */
export function locate(source: string): Source {
  if (source === '-') return manifest('standard input', readFileSync(0, 'utf8'));
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) return example(source);
  if (stat.isDirectory()) return folder(source, source);
  const extension = path.extname(source);
  if (programs.includes(extension)) {
    return {
      kind: 'program',
      label: source,
      cwd: process.cwd(),
      run: { file: path.resolve(source) },
      tools: [],
    };
  }
  if (manifests.includes(extension)) {
    return manifest(source, readFileSync(source, 'utf8'));
  }
  throw new KasmError(
    `${source} is neither a program (${programs.join(', ')}) nor manifests (${manifests.join(', ')})`,
    'Name such a file, a folder, or - for standard input',
  );
}

function manifest(label: string, text: string): Source {
  return { kind: 'manifests', label, texts: [{ label, text }] };
}

function example(name: string): Source {
  const dir = path.join(packageRoot(), 'examples');
  const names = existsSync(dir)
    ? readdirSync(dir).filter((each) => existsSync(path.join(dir, each, 'cdk8s.yaml')))
    : [];
  if (!names.includes(name)) {
    throw new KasmError(
      `There is no ${name}: no such file or folder, and no such example`,
      `Name a file, a folder, or one of the examples: ${names.join(', ') || 'none here'}`,
    );
  }
  const installed = packageRoot().split(path.sep).includes('node_modules');
  return folder(installed ? unpackExample(packageRoot(), name) : path.join(dir, name), `the example ${name}`);
}

function folder(dir: string, label: string): Source {
  const file = path.join(dir, 'cdk8s.yaml');
  if (!existsSync(file)) {
    // A folder with a package is one of a program: its JSON files are no manifests.
    const texts = existsSync(path.join(dir, 'package.json')) ? [] : manifestsIn(dir);
    if (texts.length > 0) return { kind: 'manifests', label, texts };
    throw new KasmError(
      `${dir} has neither a cdk8s.yaml nor manifests`,
      'Add a cdk8s.yaml whose `app` runs your program, or name the program in it',
    );
  }
  const { app, kasmcloud } = readConfig(file);
  if (typeof app !== 'string') {
    throw new KasmError(
      `${file} has no app: ${JSON.stringify(app)}`,
      'Set `app` to the command that synthesizes',
    );
  }
  const tools = kasmcloud?.tools ?? [];
  if (!Array.isArray(tools) || !tools.every((tool) => tool === 'wasm')) {
    throw new KasmError(
      `${file}: kasmcloud.tools is ${JSON.stringify(tools)}`,
      'It is a list of sets of tools: [wasm]',
    );
  }
  return { kind: 'program', label, cwd: path.resolve(dir), run: { shell: app }, tools };
}

/** What a cdk8s.yaml says; the key `kasmcloud` is ours. */
interface Config {
  readonly app?: unknown;
  readonly kasmcloud?: { readonly tools?: unknown };
}

function readConfig(file: string): Config {
  try {
    return (parse(readFileSync(file, 'utf8')) as Config | null) ?? {};
  } catch (cause) {
    throw new KasmError(`${file} is not YAML`, undefined, { cause });
  }
}
