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
  const { suits, build } = toolSpecs[name];

  const variable = toolVariable(name);
  const named = process.env[variable];
  if (named) {
    if (!isExecutable(named)) {
      throw new KasmError(
        `${variable}=${named} is not a file that can be run`,
        'Correct the variable, or unset it',
      );
    }
    return { path: path.resolve(named), origin: 'variable' };
  }

  const candidates = name === 'node' ? [process.execPath, findOnPath(name)] : [findOnPath(name)];
  for (const candidate of candidates) {
    const version = candidate && parseVersion(await toolVersion(name, candidate));
    if (version && suits(version)) return { path: candidate, origin: 'path' };
  }

  const dir = build ? builtCommands(build) : name === 'node' ? installedNpmTools('node') : undefined;
  if (dir === undefined) return undefined;
  const file = name === 'node' ? nodeIn(dir) : path.join(dir, name);
  return isExecutable(file) ? { path: file, origin: 'cache' } : undefined;
}

/** The version that a binary says it is; `unknown` when it says none, or does not even run. */
export async function toolVersion(name: ToolName, file: string): Promise<string> {
  if (file === process.execPath) return process.versions.node;
  const output = await runCommand(file, toolSpecs[name].versionArgs).catch((error: unknown) => {
    if (error instanceof KasmError) return '';
    throw error;
  });
  return /\d+\.\d+(\.\d+)?/.exec(output)?.[0] ?? 'unknown';
}

/** All that a local platform is started from, found or built first. */
export async function platformTools(progress: Progress): Promise<{ name: ToolName; path: string }[]> {
  const controlPlane: ToolName[] =
    (await findTool('k3s')) === undefined ? ['kine', 'kube-apiserver', 'kube-controller-manager'] : ['k3s'];
  const names: ToolName[] = ['node', 'nats-server', ...controlPlane];
  const tools: { name: ToolName; path: string }[] = [];
  for (const name of names) tools.push({ name, path: await tool(name, { progress }) });
  return tools;
}

function nodeIn(dir: string): string {
  return path.join(dir, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
}

function parseVersion(version: string): Version | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
