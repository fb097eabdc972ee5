import type { KubeObject } from '../api';
import { KasmError, messageOf } from '../base/errors';
import { sleep } from '../base/sleep';
import { KubeClient } from '../kube';
import { Installation } from '../local/installation';
import { ensureRunning, stop } from '../local/lifecycle';
import { npmTools } from '../local/npm-tools';
import { ownConnection } from '../local/own-connection';
import { during, progressTo, type Progress } from '../local/progress';
import { platformTools } from '../local/tool';
import { toolVariable } from '../local/tool-specs';
import { applyAll } from './apply';
import { httpAddresses, type HttpAddress } from './http-addresses';
import { onInterrupt } from './interrupt';
import type { CommonOptions } from './main';
import { print } from './output';
import { locate, type Source } from './source';
import { synthesize, type SynthesisTools } from './synthesize';
import { buildIdentity, commandFile } from './version';
import { waitReady } from './wait-ready';

export interface UpOptions extends CommonOptions {
  /** How long to wait for Ready, in milliseconds. */
  readonly timeout: number;
  /** Check the answer, then stop everything. */
  readonly once?: boolean;
  readonly apiPort?: number;
  readonly natsPort?: number;
}

/** `kasmcloud up`: starts what is missing, applies a lattice, waits until it is ready, and says where it answers. */
export async function up(name: string | undefined, options: UpOptions): Promise<void> {
  const installation = Installation.named(options.name);
  const source = name === undefined ? undefined : locate(name);
  const progress = progressTo(process.stderr);
  const signal = onInterrupt(`Interrupted; what runs goes on running. \`kasmcloud down\` stops it`);
  try {
    const objects = await startAndSynthesize(installation, source, options, progress, signal);
    const connection = ownConnection(installation.kubeconfig);
    try {
      await deploy(new KubeClient(connection), installation, objects, options, progress, signal);
    } finally {
      connection.close();
    }
  } finally {
    if (options.once) await during(progress, 'Stopping everything', () => stop(installation));
  }
}

/** Both at once, for neither needs the other. */
async function startAndSynthesize(
  installation: Installation,
  source: Source | undefined,
  options: UpOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const tools = await platformTools(progress);
  const wantsWasm = source?.kind === 'program' && source.tools.includes('wasm');
  const wasmTools = wantsWasm ? await npmTools('wasm', { progress }) : undefined;
  const startUp = { update: (_text: string): void => undefined };
  const started = ensureRunning(installation, {
    command: [
      process.execPath,
      commandFile(),
      'supervise',
      `--name=${installation.name}`,
      ...(options.apiPort === undefined ? [] : [`--api-port=${options.apiPort}`]),
      ...(options.natsPort === undefined ? [] : [`--nats-port=${options.natsPort}`]),
    ],
    env: Object.fromEntries(tools.map(({ name, path }) => [toolVariable(name), path])),
    version: buildIdentity(),
    step: { update: (text) => startUp.update(text) },
    signal,
  });
  // Its failure is reported below; synthesis may fail first.
  started.catch(() => undefined);
  const node = tools.find(({ name }) => name === 'node')?.path ?? process.execPath;
  const objects = source ? await synthesizeStep(source, { node, wasmTools }, options, progress, signal) : [];
  await during(progress, `Starting ${installation.name}`, async (step) => {
    startUp.update = (text) => step.update(text);
    const { state } = await started;
    refuseOtherPorts(installation, options, state.ports);
  });
  return objects;
}

function synthesizeStep(
  source: Source,
  tools: SynthesisTools,
  { verbose }: UpOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
  return during(
    progress,
    source.kind === 'program' ? `Synthesizing ${source.label}` : `Reading ${source.label}`,
    (step) => synthesize(source, tools, { step, signal, ...(verbose && { onLine }) }),
  );
}

/** An installation that runs already keeps its ports: somebody may be using them. */
function refuseOtherPorts(
  { name }: Installation,
  options: UpOptions,
  ports: { readonly apiServer?: number; readonly nats?: number },
): void {
  const asked = [
    ['--api-port', options.apiPort, ports.apiServer],
    ['--nats-port', options.natsPort, ports.nats],
  ] as const;
  for (const [option, wanted, actual] of asked) {
    if (wanted !== undefined && wanted !== actual) {
      throw new KasmError(
        `${option} ${wanted}: installation ${name} runs already, with port ${actual}`,
        `Run \`kasmcloud down\` first`,
      );
    }
  }
}

async function deploy(
  client: KubeClient,
  installation: Installation,
  objects: readonly KubeObject[],
  options: UpOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const applied =
    objects.length === 0
      ? []
      : await during(
          progress,
          `Applying ${objects.length === 1 ? 'one object' : `${objects.length} objects`}`,
          () => applyAll(client, objects),
        );
  await during(progress, 'Waiting for Ready', (step) =>
    waitReady(client, applied, { installation, timeoutMs: options.timeout, step, signal }),
  );
  const addresses = await httpAddresses(client, applied);
  const answers = options.once ? await ask(addresses, progress, options.timeout, signal) : undefined;
  const { name, kubeconfig } = installation;
  print(
    options,
    { name, kubeconfig, addresses, answers },
    answers
      ? answers.map(({ body }) => (body.endsWith('\n') ? body : `${body}\n`)).join('')
      : [
          ...addresses.map(({ actor, url }) => `curl ${url}   # ${actor}\n`),
          `kubectl --kubeconfig ${kubeconfig} get kasmcloud -A\n`,
        ].join(''),
  );
}

/** Asks each address until it answers 200. */
async function ask(
  addresses: readonly HttpAddress[],
  progress: Progress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ url: string; body: string }[]> {
  const deadline = Date.now() + timeoutMs;
  const answers: { url: string; body: string }[] = [];
  for (const { url } of addresses) {
    const body = await during(progress, `GET ${url}`, async (step) => {
      for (;;) {
        const answer = await fetch(url, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
        }).then(
          async (response) => ({ status: `${response.status}`, body: await response.text() }),
          (error: unknown) => ({ status: messageOf(error), body: '' }),
        );
        signal.throwIfAborted();
        if (answer.status === '200') return answer.body;
        if (Date.now() > deadline)
          throw new KasmError(`${url} does not answer 200: ${answer.status}`, answer.body);
        step.update(answer.status);
        await sleep(200, signal);
      }
    });
    answers.push({ url, body });
  }
  return answers;
}
