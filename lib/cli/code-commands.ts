import { type Command, Option } from 'commander';
import type * as ApplySource from './apply-source';
import type * as Diff from './diff';
import type * as Export from './export';
import type * as Graph from './graph';
import type * as Import from './import';
import type * as Init from './init';

/* eslint-disable @typescript-eslint/no-require-imports -- as in main.ts: loaded when used */
const commands = {
  apply: () => require('./apply-source') as typeof ApplySource,
  diff: () => require('./diff') as typeof Diff,
  export: () => require('./export') as typeof Export,
  graph: () => require('./graph') as typeof Graph,
  import: () => require('./import') as typeof Import,
  init: () => require('./init') as typeof Init,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Adds the commands that read and write lattices as code. */
export function addCodeCommands(root: Command): void {
  addApply(root);
  addDiff(root);
  addImport(root);
  addExport(root);
  addGraph(root);
  root
    .command('init [folder]')
    .description('write a new platform repo: a lattice, its tests, and CI')
    .option('-v, --verbose', 'say more')
    .action((folder: string | undefined) => commands.init().init(folder ?? '.'));
}

function addApply(root: Command): void {
  addClusterOptions(
    root
      .command('apply <source>')
      .description('apply a lattice or platform to a cluster, definitions first')
      .addHelpText(
        'after',
        `
SOURCE is what \`kasmcloud up\` takes. Nothing is applied unless the API server accepts all of it
in a dry run; \`kasmcloud diff\` shows what would change.`,
      ),
  ).action((source: string, options: ApplySource.ApplyOptions) =>
    commands.apply().applySource(source, options),
  );
}

function addDiff(root: Command): void {
  addClusterOptions(
    root
      .command('diff <source> [other]')
      .description('show what `apply` would change in a cluster, or in what two sources differ')
      .addHelpText(
        'after',
        `
SOURCE is what \`kasmcloud up\` takes. Ends with 0 when there is no difference, 1 when there is
one, and more for an error. Values of Secrets are not shown.`,
      ),
  ).action((source: string, other: string | undefined, options: Diff.DiffOptions) =>
    commands.diff().diff(source, other, options),
  );
}

function addImport(root: Command): void {
  root
    .command('import')
    .helpCommand(false)
    .description('turn manifests of others into a lattice of ours')
    .command('wadm <files...>')
    .description('Applications of wadm, all of one lattice, as YAML or as a program; - is standard input')
    .addOption(
      new Option('-o, --output <form>', 'what to write').choices(['yaml', 'typescript']).default('yaml'),
    )
    .option('-n, --namespace <name>', 'the namespace that is the lattice', 'default')
    .option('-f, --output-dir <folder>', 'write files there instead of printing')
    .option('--force', 'write over files that are there')
    .option('-v, --verbose', 'say more')
    .action((files: string[], options: Import.ImportOptions) => commands.import().importWadm(files, options));
}

function addExport(root: Command): void {
  const parent = root.command('export').helpCommand(false).description('write a lattice that runs as code');
  const add = (name: string, description: string): Command =>
    addClusterOptions(parent.command(name).description(description)).option(
      '-n, --namespace <name>',
      'the namespace that is the lattice',
      'default',
    );
  add('wadm', 'as Applications of wadm').action((options: Export.ExportOptions) =>
    commands.export().exportWadm(options),
  );
  add('typescript', 'as a program with the constructs').action((options: Export.ExportOptions) =>
    commands.export().exportTypescript(options),
  );
}

function addGraph(root: Command): void {
  addClusterOptions(
    root
      .command('graph [source]')
      .description('draw hosts, actors, providers and their links, from code or as they run')
      .option('--live', 'what runs, instead of a source')
      .option('-n, --namespace <name>', 'one lattice only')
      .addOption(
        new Option('-o, --output <form>', 'what to write').choices(['mermaid', 'svg']).default('mermaid'),
      ),
  ).action((source: string | undefined, options: Graph.GraphOptions) =>
    commands.graph().graph(source, options),
  );
}

/** Adds the options that say which cluster is asked. */
function addClusterOptions(command: Command): Command {
  return command
    .option('--name <name>', 'which installation of this machine', 'default')
    .option('--kubeconfig <file>', 'a cluster that is no installation of this machine')
    .option('--context <name>', 'which context of the kubeconfig')
    .option('-v, --verbose', 'say more');
}
