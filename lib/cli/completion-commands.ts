import { Argument, type Command } from 'commander';
import { candidates, completionScript, type Shell, shells } from './completion';

/** Adds the commands by which shells complete all others. */
export function addCompletionCommands(root: Command): void {
  root
    .command('completion')
    .description('print what teaches a shell to complete the commands')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => void process.stdout.write(completionScript(shell)));

  root
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action((words: readonly string[]) => {
      // PowerShell drops empty arguments, so that its script quotes them.
      const typed = words.map((word) => (word === '""' ? '' : word));
      process.stdout.write(
        candidates(root, typed)
          .map((each) => `${each}\n`)
          .join(''),
      );
    });
}
