import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, TerminalError } from '../../base/errors';
import { keepTickShape } from '../../base/tick-shape';
import { ComponentEngine, ComponentRuntime } from '../component/component-engine';
import { ImportMissingError, type HostImports, type PrepareOptions } from '../engine/engine';
import type { Guest, GuestContext } from '../wasi/guest';
import { linked } from '../wasi/linked';
import { wasi } from '../wasi/wasi';
import { Deadlines } from './deadlines';
import { handlerOf } from './http-calls';
import { Instances } from './instances';
import { LogLimit } from './log-limit';
import { isAnswer, OutgoingCalls } from './outgoing-calls';
import { PortCalls } from './port-calls';
import { SocketListeners } from './socket-listeners';
import { Permits } from './permits';
import { WorkerState } from './worker-state';
import type { Assignment, FailureReport, FromWorker, ToWorker, WorkerData } from './protocol';

/*
 * Entry of a worker thread. It waits for the actor that it is to serve, makes a first instance of it, says so, and serves from then on. It
 * never serves another actor, and ends with its thread.
 */
const port = parentPort;
if (port === null) throw new Error('host-worker runs only as a worker thread of the host');
const mainThread = port;
// Errors that are answers are thrown often, and nobody reads where from.
Error.stackTraceLimit = 4;
keepTickShape();

const post = (message: FromWorker): void => port.postMessage(message);
const limit = new LogLimit((level, message, context) => post(['log', level, message, context]));
let context: GuestContext | undefined;
const state = new WorkerState((workerData as WorkerData).state);
const outgoing = new OutgoingCalls(mainThread);
let calls: PortCalls | undefined;
let listeners: SocketListeners | undefined;

port.on('message', (message: ToWorker) => {
  state.handled++;
  if (message[0] === 'load') void start(message[1]);
  else if (message[0] === 'prepare') void prepare(message[1], message[2], message[3]);
  else if (message[0] === 'config' && context !== undefined) {
    [, context.config, context.secrets] = message;
  } else if (isAnswer(message)) outgoing.receive(message);
  else if (message[0] === 'accept' || message[0] === 'unlisten' || message[0] === 'shed')
    listeners?.receive(message);
  else calls?.receive(message);
});

async function prepare(wasmPath: string, digest: string, options: PrepareOptions): Promise<void> {
  try {
    post(['prepared', await new ComponentEngine().prepare(wasmPath, digest, options)]);
  } catch (error) {
    post(['failed', reportOf(error)]);
  }
}

async function start(assignment: Assignment): Promise<void> {
  const { prepared, executionTimeMs } = assignment;
  context = {
    config: assignment.config,
    secrets: assignment.secrets,
    log: (level, message, about) => limit.log(level, message, about),
    call: (call) => outgoing.call(call),
    stream: (call, download) => outgoing.stream(call, download),
  };
  const deadlines = new Deadlines(executionTimeMs, state);
  try {
    const component = await new ComponentRuntime().load(prepared);
    // What the host offers itself goes before what links would.
    const imports = (guest: Guest): HostImports => ({ ...linked(prepared.calls, guest), ...wasi(guest) });
    const instances = new Instances(component, context, imports, assignment.reuse);
    // Guest code may run here already, and may run for ever.
    const first = deadlines.start(() => undefined);
    instances.keep(await instances.create());
    deadlines.end(first);
    const handler = handlerOf(prepared.exports);
    const serving = { instances, deadlines };
    calls = new PortCalls(mainThread, serving, handler ?? '');
    if (handler !== undefined) {
      const own = { ...serving, handler, state, log: context.log };
      listeners = new SocketListeners(post, own, new Permits(assignment.permits));
    }
    post(['ready']);
  } catch (error) {
    post(['failed', reportOf(error)]);
  }
}

function reportOf(error: unknown): FailureReport {
  if (error instanceof TerminalError)
    return { kind: 'refused', reason: error.reason, message: error.message };
  return error instanceof ImportMissingError
    ? { kind: 'import', importName: error.importName, member: error.member }
    : { kind: 'component', message: messageOf(error) };
}
