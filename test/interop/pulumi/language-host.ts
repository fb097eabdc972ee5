import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { LanguageRuntimeService } from '@pulumi/pulumi/proto/language_grpc_pb';
import {
  GetRequiredPackagesResponse,
  type LanguageHandshakeRequest,
  LanguageHandshakeResponse,
  type RunRequest,
  RunResponse,
} from '@pulumi/pulumi/proto/language_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { RpcServer } from './rpc-server';

const root = path.resolve(__dirname, '../../..');

/**
 * Stands in for pulumi-language-nodejs, which is no npm package: starts the program with the runner of `@pulumi/pulumi`, with the
 * arguments and the environment that the real one gives it. It finds no plugins and installs nothing.
 */
export async function startLanguageHost(): Promise<RpcServer> {
  let engine = '';
  return RpcServer.start(LanguageRuntimeService, {
    handshake: (request: LanguageHandshakeRequest) => {
      engine = request.getEngineAddress();
      return new LanguageHandshakeResponse();
    },
    getPluginInfo: () => {
      const info = new PluginInfo();
      info.setVersion('3.248.0');
      return info;
    },
    getRequiredPackages: () => new GetRequiredPackagesResponse(),
    run: async (request: RunRequest) => {
      const response = new RunResponse();
      const { code, output } = await run(request, engine);
      // 32: the program has reported its error to the engine itself.
      if (code === 32) response.setBail(true);
      else if (code !== 0) response.setError(`the program ended with code ${code}: ${output}`);
      return response;
    },
  });
}

async function run(request: RunRequest, engine: string): Promise<{ code: number | null; output: string }> {
  const config: Record<string, string> = {};
  request.getConfigMap().forEach((value, key) => (config[key] = value));
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'node_modules/@pulumi/pulumi/cmd/run/index.js'),
      `--monitor=${request.getMonitorAddress()}`,
      `--engine=${engine}`,
      `--organization=${request.getOrganization()}`,
      `--project=${request.getProject()}`,
      `--stack=${request.getStack()}`,
      `--pwd=${request.getPwd()}`,
      `--root-directory=${request.getInfo()?.getRootDirectory() ?? request.getPwd()}`,
      ...(request.getDryrun() ? ['--dry-run'] : []),
      `--parallel=${request.getParallel()}`,
      request.getProgram(),
    ],
    {
      cwd: request.getPwd(),
      env: {
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: 'true',
        PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
