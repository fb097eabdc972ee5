import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../lib/local/run-command';
import { tool } from '../lib/local/tool';
import { cached, cacheKey } from '../lib/local/tool-cache';

const root = path.resolve(__dirname, '..');
const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
};
const npmInstall = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];

/** A project of a user, in a folder with nothing of this repository around it, with what `npm pack` gives installed. */
export class EmptyProject {
  /** Files of the package, as they would be published. */
  readonly files: readonly string[];

  private constructor(
    readonly dir: string,
    files: readonly string[],
  ) {
    this.files = files;
  }

  /** @param packages What is installed beside it, in the versions that this repository has. */
  static async create(packages: readonly string[]): Promise<EmptyProject> {
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-project-'));
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', dir, root];
    const [packed] = JSON.parse(await runCommand('npm', pack)) as [
      { filename: string; files: { path: string }[] },
    ];
    const project = new EmptyProject(
      dir,
      packed.files.map((file) => file.path),
    );
    project.write('package.json', '{ "name": "platform", "private": true }');
    const versions = packages.map((name) => `${name}@${devDependencies[name]}`);
    await runCommand('npm', [...npmInstall, `./${packed.filename}`, ...versions], { cwd: dir });
    return project;
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.dir, file), text);
  }

  /** Runs a program with a Node; what it printed. */
  node(node: string, ...args: string[]): Promise<string> {
    return runCommand(node, args, { cwd: this.dir });
  }

  /** Checks the types of programs, and of all that they import, with the given options of tsc. */
  async checkTypes(files: readonly string[], ...options: string[]): Promise<void> {
    const tsc = 'node_modules/typescript/bin/tsc';
    const strict = ['--noEmit', '--strict', '--target', 'es2022', '--skipLibCheck', 'false'];
    await this.node(process.execPath, tsc, ...strict, ...options, ...files);
  }

  /** Runs `npx kasmcloud ARGS`. */
  kasmcloud(...args: string[]): Promise<string> {
    return runCommand('npx', ['--no-install', 'kasmcloud', ...args], { cwd: this.dir });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A Node of a major version: the one that runs this, else its npm package. */
export async function nodeOf(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  if (major === 24) return tool('node');
  const name = `node-${process.platform}-${process.arch}`;
  const dir = await cached(cacheKey('node', String(major)), { update: () => {} }, async (draft) => {
    writeFileSync(path.join(draft, 'package.json'), '{}');
    await runCommand('npm', [...npmInstall, `${name}@${major}`], { cwd: draft });
  });
  return path.join(dir, 'node_modules', name, 'bin', 'node');
}
