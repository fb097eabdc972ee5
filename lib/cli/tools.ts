import { KasmError } from '../base/errors';
import { installedNpmTools, npmTools } from '../local/npm-tools';
import { progressTo } from '../local/progress';
import { findTool, tool, toolVersion } from '../local/tool';
import { toolSpecs, toolVariable, type ToolName } from '../local/tool-specs';
import type { CommonOptions } from './main';
import { print } from './output';
import { renderTable } from './table';

export interface ToolsOptions extends CommonOptions {
  readonly build?: boolean;
}

interface ToolReport {
  readonly name: string;
  readonly version?: string;
  /** `variable`, `path` or `cache`; `missing` when it would have to be built or installed first. */
  readonly origin: string;
  readonly path?: string;
  /** What names another binary. */
  readonly variable?: string;
}

/** `kasmcloud tools`: where each tool comes from; with `--build`, after making sure that all are there. */
export async function tools(options: ToolsOptions): Promise<void> {
  const names = Object.keys(toolSpecs) as ToolName[];
  if (options.build) {
    const progress = progressTo(process.stderr);
    // K3s cannot be built here; where it is, it stands for the control plane's parts.
    for (const name of names.filter((name) => name !== 'k3s')) await tool(name, { progress });
    await npmTools('wasm', { progress });
  }
  const reports: ToolReport[] = [];
  for (const name of names) reports.push(await report(name));
  const wasm = installedNpmTools('wasm');
  reports.push({ name: 'wasm-tools', origin: wasm ? 'cache' : 'missing', ...(wasm && { path: wasm }) });
  const rows = reports.map(({ name, version = '', origin, path = '', variable = '' }) => [
    name,
    version,
    origin,
    path || (variable && `set ${variable} to use your own`),
  ]);
  print(options, reports, renderTable(['TOOL', 'VERSION', 'FROM', 'PATH'], rows));
}

async function report(name: ToolName): Promise<ToolReport> {
  const variable = toolVariable(name);
  try {
    const found = await findTool(name);
    if (found === undefined) return { name, origin: 'missing', variable };
    const pinned = found.origin === 'cache' ? toolSpecs[name].build?.version : undefined;
    return { name, ...found, version: pinned ?? (await toolVersion(name, found.path)), variable };
  } catch (error) {
    if (error instanceof KasmError) return { name, origin: `error: ${error.message}`, variable };
    throw error;
  }
}
