import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A file with manifests, or standard input. */
export interface ManifestText {
  /** What messages call it. */
  readonly label: string;
  readonly text: string;
}

/**
 * The files of a folder that hold objects, in order of their names; not what tells other tools to apply them: a kustomization.yaml, and a
 * Helm chart, which has the same objects again.
 *
 * @param shownAs What messages call the folder
 */
export function manifestsIn(dir: string, shownAs = dir): ManifestText[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const charts = names
    .filter((name) => path.basename(name) === 'Chart.yaml')
    .map((name) => path.dirname(name));
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name) && !/^kustomization\.ya?ml$/.test(path.basename(name)))
    .filter((name) => !charts.some((chart) => chart === '.' || name.startsWith(`${chart}${path.sep}`)))
    .sort()
    .map((name) => ({ label: path.join(shownAs, name), text: readFileSync(path.join(dir, name), 'utf8') }));
}
