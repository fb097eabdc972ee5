import { type Command, InvalidArgumentError, Option } from 'commander';
import { clusterOptions, dryRunOption, timeoutOption } from './common-options';
import type * as Change from './rollout-change';
import type * as History from './rollout-history';
import type * as Status from './rollout-status';
import type { RolloutChangeOptions } from './rollout-target';
import type * as Undo from './rollout-undo';

/* eslint-disable @typescript-eslint/no-require-imports -- as in main.ts: loaded when used */
const commands = {
  change: () => require('./rollout-change') as typeof Change,
  history: () => require('./rollout-history') as typeof History,
  status: () => require('./rollout-status') as typeof Status,
  undo: () => require('./rollout-undo') as typeof Undo,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Adds `kasmcloud rollout`, with the words of kubectl's for Deployments. */
export function addRolloutCommands(root: Command): void {
  const rollout = root.command('rollout').description('watch and steer the rollouts of distributions');
  selecting(rolloutCommand(rollout, 'status [names...]', 'tell how far rollouts are, until they are done'))
    .addOption(new Option('-w, --watch', 'wait until they are done').default(true))
    .option('--no-watch', 'tell and end')
    .addOption(timeoutOption())
    .addOption(revision('--revision <number>', 'fail when another revision is rolled out; 0 is any'))
    .action((names: string[], options: Status.RolloutStatusOptions) =>
      commands.status().rolloutStatus(names, options),
    );
  selecting(rolloutCommand(rollout, 'history [names...]', 'list the revisions of distributions'))
    .addOption(revision('--revision <number>', 'show the template of this one instead'))
    .action((names: string[], options: History.RolloutHistoryOptions) =>
      commands.history().history(names, options),
    );
  changing(rolloutCommand(rollout, 'undo [names...]', 'roll back to an earlier revision'))
    .addOption(revision('--to-revision <number>', 'which one; 0 is the one before the current'))
    .action((names: string[], options: Undo.RolloutUndoOptions) => commands.undo().undo(names, options));
  changing(rolloutCommand(rollout, 'pause [names...]', 'hold rollouts where they are')).action(
    (names: string[], options: RolloutChangeOptions) => commands.change().pause(names, options),
  );
  changing(rolloutCommand(rollout, 'resume [names...]', 'let paused rollouts go on')).action(
    (names: string[], options: RolloutChangeOptions) => commands.change().resume(names, options),
  );
  changing(rolloutCommand(rollout, 'restart [names...]', 'replace all instances, step by step')).action(
    (names: string[], options: RolloutChangeOptions) => commands.change().restart(names, options),
  );
}

function rolloutCommand(rollout: Command, usage: string, description: string): Command {
  return clusterOptions(
    rollout
      .command(usage)
      .description(description)
      .option('-n, --namespace <namespace>', 'namespace of the distributions (default: that of the context)'),
  );
}

function selecting(command: Command): Command {
  return command.option('-l, --selector <selector>', 'distributions by label, instead of by name');
}

function changing(command: Command): Command {
  return selecting(command).addOption(dryRunOption());
}

function revision(flags: string, description: string): Option {
  return new Option(flags, description).argParser(whole).default(0, '0');
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('A revision is a whole number, 0 or more.');
  return value;
}
