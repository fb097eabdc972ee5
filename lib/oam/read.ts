import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';
import type { Application } from './application';
import { Field } from './field';
import { parseApplication } from './parse';
import type { FieldPath, Report } from './problem';

/** The text of a file with wadm manifests: YAML, of one document or several, or JSON. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/** Reads the Applications of some files, and reports everything in them that wadm would refuse or ignore. */
export function readApplications(files: readonly ManifestFile[], report: Report): Application[] {
  return files.flatMap((file) => readFile(file, report));
}

function readFile({ name, text }: ManifestFile, report: Report): Application[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true });
  const complain = (message: string, line?: number): void =>
    report({ level: 'error', file: name, line, path: '', message });
  const applications: Application[] = [];
  let empty = true;
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      complain(`is not YAML: ${error.message.split('\n')[0]}`, lines.linePos(error.pos[0]).line);
      return applications;
    }
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    empty = false;
    const root = new Field(value, [], {
      file: name,
      report,
      lineOf: (path) => lineOf(document, path, lines),
    });
    const application = parseApplication(root);
    if (application !== undefined) applications.push(application);
  }
  if (empty) complain('has no manifest: it is empty');
  return applications;
}

/** The line of a field, or of the nearest thing around it that is there. */
function lineOf(document: Document, path: FieldPath, lines: LineCounter): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
