import { type Command, Option } from 'commander';
import type * as Import from './import';

/* eslint-disable @typescript-eslint/no-require-imports -- as in main.ts: loaded when used */
const commands = {
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
}
