import { type Command, Option } from 'commander';
import type * as Export from './export';
import type * as Import from './import';

/* eslint-disable @typescript-eslint/no-require-imports -- as in main.ts: loaded when used */
const commands = {
  export: () => require('./export') as typeof Export,
  import: () => require('./import') as typeof Import,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Adds the commands that read and write lattices as code. */
export function addCodeCommands(root: Command): void {
  const reading = root.command('import').description('turn manifests of others into a lattice of ours');
  reading
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

  const writing = root.command('export').description('write a lattice that runs as code');
  exporting(writing, 'wadm', 'as Applications of wadm').action((options: Export.ExportOptions) =>
    commands.export().exportWadm(options),
  );
  exporting(writing, 'typescript', 'as a program with the constructs').action(
    (options: Export.ExportOptions) => commands.export().exportTypescript(options),
  );
}

function exporting(parent: Command, name: string, description: string): Command {
  return addClusterOptions(
    parent
      .command(name)
      .description(description)
      .option('-n, --namespace <name>', 'the namespace that is the lattice', 'default'),
  ).option('-v, --verbose', 'say more');
}

/** Adds the options that say which cluster is asked. */
function addClusterOptions(command: Command): Command {
  return command
    .option('--name <name>', 'which installation of this machine', 'default')
    .option('--kubeconfig <file>', 'a cluster that is no installation of this machine')
    .option('--context <name>', 'which context of the kubeconfig');
}
