import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addCodeCommands } from './code-commands';
import { addCompletionCommands } from './completion-commands';
import { durationMs } from './common-options';
import { withoutFlagValues } from './flag-values';
import type * as Down from './down';
import { addHostCommands } from './host-commands';
import { addRolloutCommands } from './rollout-commands';
import type * as Logs from './logs';
import type * as Kubectl from './kubectl';
import { reportError } from './report-error';
import { runCommand } from './run';
import type * as Status from './status';
import type * as Supervise from './supervise';
import type * as Tools from './tools';
import type * as Up from './up';
import { packageVersion } from './version';

/** Options that every command has. */
export interface CommonOptions {
  /** Which installation. */
  readonly name: string;
  /** What is printed instead of text. */
  readonly output?: 'json' | 'yaml' | 'wide';
  /** Say more: what commands print while they run, and where errors come from. */
  readonly verbose?: boolean;
}

/* eslint-disable @typescript-eslint/no-require-imports --
   each command's module is loaded when it is used: `--help` waits for none of them */
const commands = {
  up: () => require('./up') as typeof Up,
  down: () => require('./down') as typeof Down,
  status: () => require('./status') as typeof Status,
  logs: () => require('./logs') as typeof Logs,
  tools: () => require('./tools') as typeof Tools,
  kubectl: () => require('./kubectl') as typeof Kubectl,
  supervise: () => require('./supervise') as typeof Supervise,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** All commands and their options. */
export function program(): Command {
  const root = new Command('kasmcloud')
    .description('A whole wasmCloud lattice as code on Kubernetes')
    .version(packageVersion())
    .enablePositionalOptions()
    .showHelpAfterError('(kasmcloud --help shows the commands)');

  printing(command(root, 'up [source]', 'start what is missing, apply a lattice, and wait until it is ready'))
    .addHelpText(
      'after',
      `
SOURCE is one of
  lattice.ts, .mts, .js, .mjs   a cdk8s program, run with Node 24
  a folder with a cdk8s.yaml    its app is run as \`cdk8s synth\` does
  manifests.yaml, or -          YAML as it is, - from standard input
  a folder of manifests         such as what \`cdk8s synth\` writes
  hello, counter                an example of this package
Without it, only the control plane, NATS, the reconciler and a host are started.`,
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for Ready, e.g. 90s or 5m')
        .argParser(durationMs)
        .default(300_000, '5m'),
    )
    .option('--once', 'check that it answers, print the answer, stop everything')
    .option('--api-port <port>', 'port of the API server (default: any that is free)', port)
    .option('--nats-port <port>', 'port of NATS (default: any that is free)', port)
    .action((source: string | undefined, options: Up.UpOptions) => commands.up().up(source, options));

  printing(command(root, 'down', 'stop everything; the data stays'))
    .option('--purge', 'delete the data, too')
    .action((options: Down.DownOptions) => commands.down().down(options));

  printing(command(root, 'status', 'show processes, hosts, actors, providers and links'), ['wide'])
    .addOption(new Option('-w, --wide', 'as --output wide').implies({ output: 'wide' }))
    .action((options: CommonOptions) => commands.status().status(options));

  command(root, 'logs [process]', 'show the logs of one process, or of all')
    .option('-f, --follow', 'go on as they grow')
    .option('--json', 'print each line as JSON, with the name of its process')
    .option('--tail <lines>', 'how many lines to begin with', count, 50)
    .action((name: string | undefined, options: Logs.LogsOptions) => commands.logs().logs(name, options));

  printing(command(root, 'tools', 'show each tool, its version, and where it comes from'))
    .option('--build', 'build or install those that are missing')
    .action((options: Tools.ToolsOptions) => commands.tools().tools(options));

  command(root, 'kubectl [args...]', 'run kubectl on the installation: kasmcloud kubectl get kasmcloud -A')
    .passThroughOptions()
    .allowUnknownOption()
    .action((args: string[], options: CommonOptions) => commands.kubectl().kubectl(args, options));

  command(
    root,
    'supervise',
    'run everything in the foreground until interrupted; `up` does so in the background',
  )
    .option('--api-port <port>', 'port of the API server (default: any that is free)', port)
    .option('--nats-port <port>', 'port of NATS (default: any that is free)', port)
    .action((options: Supervise.SuperviseOptions) => commands.supervise().supervise(options));

  addCodeCommands(root);
  addHostCommands(root);
  addRolloutCommands(root);
  root.addCommand(runCommand().copyInheritedSettings(root));
  addCompletionCommands(root);

  return root;
}

function command(root: Command, usage: string, description: string): Command {
  return root
    .command(usage)
    .description(description)
    .option('--name <name>', 'which installation', 'default')
    .option('-v, --verbose', 'say more');
}

/** Adds the options that say in which form a result is printed. */
function printing(command: Command, further: readonly string[] = []): Command {
  return command
    .addOption(
      new Option('-o, --output <form>', 'what to print instead').choices(['json', 'yaml', ...further]),
    )
    .addOption(new Option('--json', 'as --output json').implies({ output: 'json' }));
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('A port is 1 to 65535.');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('Not a number of lines.');
  return value;
}

/** A command and all below it. */
export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Runs a command line and returns its exit code: 0 done, 1 failed, 2 not understood. */
export async function main(args: readonly string[]): Promise<number> {
  const root = program();
  for (const each of withSubcommands(root)) each.exitOverride();
  try {
    await root.parseAsync(withoutFlagValues(root, args), { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, args.includes('-v') || args.includes('--verbose'));
  }
}

if (require.main === module) {
  // Who reads has read enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
