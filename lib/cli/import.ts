import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from '../api';
import { KasmError, messageOf } from '../base/errors';
import { importApplications, type ManifestFile, problemText, typescriptSource } from '../oam';

export interface ImportOptions {
  readonly output: 'yaml' | 'typescript';
  readonly namespace: string;
  /** Folder to write to, instead of standard output. */
  readonly outputDir?: string;
  /** Write over files that are there. */
  readonly force?: boolean;
}

/** `kasmcloud import wadm FILE…`: wadm manifests as objects of ours, or as a program that makes them. */
export function importWadm(
  files: readonly string[],
  { output, namespace, outputDir, force }: ImportOptions,
): void {
  const { objects, problems } = importApplications(files.map(read), namespace);
  for (const problem of problems) process.stderr.write(`${problemText(problem)}\n`);
  const errors = problems.filter(({ level }) => level === 'error').length;
  if (errors > 0) {
    throw new KasmError(
      `Nothing was imported: ${errors === 1 ? 'there is an error' : `there are ${errors} errors`}`,
      'Mend what is said above, and run the command again',
    );
  }
  const texts =
    output === 'typescript'
      ? {
          'main.ts': typescriptSource(
            objects,
            namespace,
            `Imported from ${files.map((file) => path.basename(file)).join(', ')}.`,
          ),
        }
      : outputDir === undefined
        ? { 'objects.yaml': yamlText(objects) }
        : byApplication(objects);
  if (outputDir === undefined) process.stdout.write(Object.values(texts).join(''));
  else writeAll(outputDir, texts, force ?? false);
}

function read(name: string): ManifestFile {
  if (name === '-') return { name: 'standard input', text: readFileSync(0, 'utf8') };
  try {
    return { name, text: readFileSync(name, 'utf8') };
  } catch (error) {
    throw new KasmError(
      `${name} cannot be read: ${messageOf(error)}`,
      'Name a file with wadm manifests, or - for standard input',
    );
  }
}

/** Objects as YAML, a document each. */
export function yamlText(objects: readonly KubeObject[]): string {
  return objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join('');
}

/** A file for each Application. */
function byApplication(objects: readonly KubeObject[]): Record<string, string> {
  const groups = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const application = object.metadata.labels?.['app.kubernetes.io/part-of'] ?? 'objects';
    groups.set(application, [...(groups.get(application) ?? []), object]);
  }
  return Object.fromEntries(
    [...groups].map(([application, each]) => [`${application}.yaml`, yamlText(each)]),
  );
}

/** Writes files into a folder, none of them when one is there that may not be written over. */
export function writeAll(dir: string, texts: Readonly<Record<string, string>>, force: boolean): void {
  const files = Object.entries(texts).map(([name, text]) => ({ file: path.join(dir, name), text }));
  const there = files.find(({ file }) => existsSync(file));
  if (there !== undefined && !force)
    throw new KasmError(`${there.file} is there already`, 'Give --force to write over it, or another folder');
  for (const { file, text } of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stderr.write(`${file}\n`);
  }
}
