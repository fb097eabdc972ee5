import { childPath } from '../api/schema';

/** Where something stands in a manifest file: keys and indexes from its document's root. */
export type FieldPath = readonly (string | number)[];

/** One thing about a manifest that its author should know. */
export interface Problem {
  /** `error`: nothing is imported. `warning`: it is imported, and this is what changed or was left to do. */
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** Line in the file, from 1. */
  readonly line: number | undefined;
  /** E.g. `spec.components[0].traits[1].properties.target`; empty for the whole document. */
  readonly path: string;
  /** What is wrong there, with the value and the remedy. */
  readonly message: string;
}

/** Takes problems as they are found. */
export type Report = (problem: Problem) => void;

/** A field path as text. */
export function pathText(path: FieldPath): string {
  return path.reduce<string>((text, key) => childPath(text, key), '');
}

/** A problem as one line, as compilers print it: `app.yaml:12: warning: spec.components[0].name …`. */
export function problemText({ level, file, line, path, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${place}: ${level}: ${path === '' ? message : `${path} ${message}`}`;
}
