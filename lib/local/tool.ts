import path from 'node:path';
import { KasmError } from '../base/errors';
import { findOnPath, isExecutable } from './find-on-path';
import { buildCommands, builtCommands } from './go-build';
import { installedNpmTools, npmTools } from './npm-tools';
import { silent, type Progress } from './progress';
import { runCommand } from './run-command';
import { toolSpecs, toolVariable, type ToolName, type Version } from './tool-specs';

/** A tool that is at hand. */
export interface FoundTool {
  readonly path: string;
  /** Who provided it: a `KASMCLOUD_…` variable, the machine, or our cache. */
  readonly origin: 'variable' | 'path' | 'cache';
  readonly version: string;
}

/**
 * The path of a tool's binary: what its variable (`KASMCLOUD_NATS_SERVER`, …) names, else the one on PATH when its version
 * suits, else ours from the cache, which is built or installed first when it is missing.
 * @throws KasmError that names each way out when the tool can be had in none of these ways
 */
export async function tool(
  name: ToolName,
  { progress = silent }: { progress?: Progress } = {},
): Promise<string> {
  const found = await findTool(name);
  if (found !== undefined) return found.path;
  const { build, wanted } = toolSpecs[name];
  if (build !== undefined) return path.join(await buildCommands(build, progress), name);
  if (name === 'node') {
    const node = nodeIn(await npmTools('node', { progress }));
    if (isExecutable(node)) return node;
  }
  throw new KasmError(
    `There is no ${name} ${wanted} for ${process.platform}-${process.arch}`,
    `Put one on PATH, or name the binary in ${toolVariable(name)}`,
  );
}

/** Where a tool would come from now, without building or installing it. */
export async function findTool(name: ToolName): Promise<FoundTool | undefined> {
  const { versionArgs, suits, build } = toolSpecs[name];

  const variable = toolVariable(name);
  const named = process.env[variable];
  if (named) {
    if (!isExecutable(named)) {
      throw new KasmError(
        `${variable}=${named} is not a file that can be run`,
        'Correct the variable, or unset it',
      );
    }
    return { path: path.resolve(named), origin: 'variable', version: await versionOf(named, versionArgs) };
  }

  const candidates = name === 'node' ? [process.execPath, findOnPath(name)] : [findOnPath(name)];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const version = await versionOf(candidate, versionArgs);
    const parsed = parseVersion(version);
    if (parsed && suits(parsed)) return { path: candidate, origin: 'path', version };
  }

  if (build !== undefined) {
    const dir = builtCommands(build);
    if (dir !== undefined) return { path: path.join(dir, name), origin: 'cache', version: build.version };
  }
  if (name === 'node') {
    const dir = installedNpmTools('node');
    if (dir !== undefined && isExecutable(nodeIn(dir))) {
      return { path: nodeIn(dir), origin: 'cache', version: await versionOf(nodeIn(dir), versionArgs) };
    }
  }
  return undefined;
}

function nodeIn(dir: string): string {
  return path.join(dir, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
}

/** The first thing that looks like a version in what a tool prints; `unknown` when it prints none, or cannot even do that. */
async function versionOf(file: string, args: readonly string[]): Promise<string> {
  if (file === process.execPath) return process.versions.node;
  const output = await runCommand(file, args).catch((error: unknown) => {
    if (error instanceof KasmError) return '';
    throw error;
  });
  return /\d+\.\d+(\.\d+)?/.exec(output)?.[0] ?? 'unknown';
}

function parseVersion(version: string): Version | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
