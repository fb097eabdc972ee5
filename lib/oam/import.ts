import { convert, type Imported } from './convert';
import type { Problem } from './problem';
import { type ManifestFile, readApplications } from './read';

/** What became of some wadm manifests. */
export interface Import {
  /** ConfigMaps, Distributions and Links, in this order; of no use while there is an error. */
  readonly objects: readonly Imported[];
  /** In the order of files and lines. */
  readonly problems: readonly Problem[];
}

/** Reads the wadm manifests of one lattice as objects of ours. Whatever could not be taken as it stands is among the problems. */
export function importApplications(files: readonly ManifestFile[], namespace: string): Import {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  const objects = convert(readApplications(files, report), namespace);
  const order = new Map(files.map(({ name }, index) => [name, index]));
  problems.sort(
    (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || (a.line ?? 0) - (b.line ?? 0),
  );
  return { objects, problems };
}
