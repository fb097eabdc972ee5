import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Yaml } from 'cdk8s';

/** What a Helm chart says of itself. */
export interface HelmChartProps {
  /** Name of the chart: lower-case letters, digits and dashes. */
  readonly name: string;
  /** Version of the chart, as SemVer has it. */
  readonly version: string;
  /**
   * Version of what it deploys.
   *
   * @default - that of the chart
   */
  readonly appVersion?: string;
  /** @default - none */
  readonly description?: string;
}

interface Rendered {
  readonly file: string;
  readonly objects: readonly object[];
}

/**
 * Writes a Helm chart of what was rendered: definitions into `crds`, which Helm installs first and never removes, the rest into
 * `templates`. It takes no values: what it deploys is what the program says. Nothing in it is a template, whatever a text contains.
 *
 * @throws when the name or the version is none
 */
export function writeHelmChart(dir: string, props: HelmChartProps, charts: readonly Rendered[]): void {
  const { name, version, appVersion = version, description } = props;
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
    throw new Error(
      `helmChart.name must be lower-case letters, digits and dashes, got ${JSON.stringify(name)}`,
    );
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.test(version))
    throw new Error(
      `helmChart.version must be a semantic version, got ${JSON.stringify(version)}: for example 1.0.0`,
    );
  for (const folder of ['crds', 'templates']) mkdirSync(path.join(dir, folder), { recursive: true });
  writeFileSync(
    path.join(dir, 'Chart.yaml'),
    Yaml.stringify({
      apiVersion: 'v2',
      type: 'application',
      name,
      version,
      appVersion,
      ...(description !== undefined && { description }),
    }),
  );
  for (const { file, objects } of charts) {
    const isDefinition = (object: object): boolean =>
      (object as { kind?: unknown }).kind === 'CustomResourceDefinition';
    // Helm does not read files of crds as templates.
    write(path.join(dir, 'crds', file), objects.filter(isDefinition), (text) => text);
    write(
      path.join(dir, 'templates', file),
      objects.filter((object) => !isDefinition(object)),
      withoutTemplates,
    );
  }
}

/** As cdk8s writes them, but for any number of objects: it takes each as an argument, of which there can be some 100,000. */
export function yamlOf(objects: readonly object[]): string {
  return objects.map((object) => Yaml.stringify(object)).join('---\n');
}

function write(file: string, objects: readonly object[], escape: (text: string) => string): void {
  if (objects.length > 0) writeFileSync(file, escape(yamlOf(objects)));
}

/** Text that a Go template renders to the text that was given. */
function withoutTemplates(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
