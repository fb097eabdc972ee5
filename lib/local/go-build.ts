import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { findOnPath } from './find-on-path';
import { packageRoot } from './package-root';
import { during, type Progress } from './progress';
import { runCommand } from './run-command';
import { cacheDir, cacheKey, cached } from './tool-cache';
import { toolVariable, type GoModule, type ToolName } from './tool-specs';

function moduleDir(module: GoModule): string {
  return path.join(packageRoot(), 'lib', 'local', 'tools', module.folder);
}

function keyOf(module: GoModule): string {
  const dir = moduleDir(module);
  const pins = ['go.mod', 'go.sum'].map((file) => readFileSync(path.join(dir, file)));
  return cacheKey(module.folder, module.version, module.ldflags ?? '', ...pins);
}

/** The folder that holds the built commands of a module, if they have been built. */
export function builtCommands(module: GoModule): string | undefined {
  const dir = path.join(cacheDir(), keyOf(module));
  return existsSync(dir) ? dir : undefined;
}

/** Builds the commands of a pinned Go module, unmodified, once for this machine; returns the folder that holds them. */
export async function buildCommands(module: GoModule, progress: Progress): Promise<string> {
  const built = builtCommands(module);
  if (built !== undefined) return built;
  const names = module.commands.map(nameOf).join(', ');
  const text = `Building ${names} ${module.version} from source (once, ${module.takes})`;
  return during(progress, text, (step) =>
    cached(keyOf(module), step, async (dir) => {
      await needToolchain(module);
      await runCommand(
        'go',
        [
          'build',
          '-trimpath',
          '-mod=readonly',
          '-buildvcs=false',
          '-ldflags',
          `-s -w ${module.ldflags ?? ''}`.trim(),
          '-o',
          dir + path.sep,
          ...module.commands,
        ],
        { cwd: moduleDir(module), env: { GOWORK: 'off', CGO_ENABLED: module.cgo ? '1' : '0' } },
      );
    }),
  );
}

/** The name that Go gives a command: the last element of its package path that is not a major version. */
function nameOf(command: string): string {
  return command.replace(/\/v\d+$/, '').replace(/^.*\//, '');
}

async function needToolchain(module: GoModule): Promise<void> {
  const names = module.commands.map(nameOf);
  const otherwise =
    `or put ${names.join(', ')} on PATH, or name the binary in ` +
    names.map((name) => toolVariable(name as ToolName)).join(', ');
  if (findOnPath('go') === undefined) {
    throw new KasmError(
      `${names.join(', ')} must be built, but there is no Go on PATH`,
      `Install Go 1.26 or newer, ${otherwise}`,
    );
  }
  if (!module.cgo) return;
  const compiler = (await runCommand('go', ['env', 'CC'])).trim();
  if (findOnPath(compiler.split(' ')[0] ?? compiler) === undefined) {
    throw new KasmError(
      `${names.join(', ')} must be built, but there is no C compiler (${compiler}) on PATH`,
      `Install gcc or set CC, ${otherwise}`,
    );
  }
}
