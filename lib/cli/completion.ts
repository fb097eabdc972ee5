import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** The script that teaches a shell the commands: each Tab asks {@link candidates}, so that it never knows other ones than this version. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

/**
 * What may stand for the last of some words on the command line, from the commands themselves.
 * @param words All after `kasmcloud`, the one that is being typed last; it may be empty
 */
export function candidates(root: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '';
  let command = root;
  let expecting: Option | undefined;
  let given = 0;
  for (const word of words.slice(0, -1)) {
    if (expecting !== undefined) expecting = undefined;
    else if (word === '--') return [];
    else if (word.startsWith('-')) expecting = valueOf(command, word);
    else {
      const next: Command | undefined = command.commands.find(
        (each) => each.name() === word || each.aliases().includes(word),
      );
      if (next === undefined) given++;
      else [command, given] = [next, 0];
    }
  }
  return fitting(expecting ? (expecting.argChoices ?? []) : choices(command, typed, given), typed);
}

function choices(command: Command, typed: string, given: number): readonly string[] {
  if (typed.startsWith('-')) {
    const options = command.createHelp().visibleOptions(command);
    return options.flatMap(({ short, long }) => [long, short].flatMap((flag) => flag ?? []));
  }
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name());
  const argument = command.registeredArguments[given] ?? command.registeredArguments.at(-1);
  const accepts = given < command.registeredArguments.length || (argument?.variadic ?? false);
  return [...visible, ...(accepts ? (argument?.argChoices ?? []) : [])];
}

/** The option of a flag when the next word is its value. */
function valueOf(command: Command, flag: string): Option | undefined {
  if (flag.includes('=')) return undefined;
  const option = command.options.find(({ short, long }) => short === flag || long === flag);
  return option?.required || option?.optional ? option : undefined;
}

function fitting(all: readonly string[], typed: string): string[] {
  return [...new Set(all)].filter((each) => each.startsWith(typed)).sort();
}

/** Where there is nothing of ours to offer, shells offer files. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `# kasmcloud completion bash: put \`source <(kasmcloud completion bash)\` into ~/.bashrc
_kasmcloud() {
  local IFS=$'\\n'
  COMPREPLY=($(kasmcloud __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o bashdefault -F _kasmcloud kasmcloud
`,
  zsh: `#compdef kasmcloud
# kasmcloud completion zsh: put \`source <(kasmcloud completion zsh)\` into ~/.zshrc, after compinit
_kasmcloud() {
  local -a offered
  offered=("\${(@f)$(kasmcloud __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offered=(\${offered:#})
  if (( \${#offered} )); then compadd -- "\${offered[@]}"; else _files; fi
}
compdef _kasmcloud kasmcloud
`,
  fish: `# kasmcloud completion fish: put it into ~/.config/fish/completions/kasmcloud.fish
function __kasmcloud_complete
    set -l words (commandline --cut-at-cursor --tokenize)
    set -l typed (commandline --cut-at-cursor --current-token)
    set -l offered (kasmcloud __complete $words[2..-1] "$typed" 2>/dev/null)
    if set -q offered[1]
        printf '%s\\n' $offered
    else
        __fish_complete_path "$typed"
    end
end
complete --command kasmcloud --no-files --arguments '(__kasmcloud_complete)'
`,
  powershell: `# kasmcloud completion powershell: put \`kasmcloud completion powershell | Out-String | Invoke-Expression\` into $PROFILE
Register-ArgumentCompleter -Native -CommandName kasmcloud -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($wordToComplete -eq '') { $words += '""' }
  kasmcloud __complete @words 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
};
