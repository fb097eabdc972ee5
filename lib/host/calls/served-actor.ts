import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import { sleep } from '../../base/sleep';
import { type CallContext, interfaces, type LatticeConnection, WrpcServer } from '../../lattice';
import { withoutVersion } from '../engine/engine';
import type { RunningActor } from '../controllers/local-actors';

const http = interfaces.http.incomingHandler;
/** How long a caller may take to send the arguments of a call that it has begun. */
const handOverMs = 5_000;

/** What an actor exports, served over NATS: one subscription a function, shared with all replicas of its component id. */
export class ServedActor {
  private readonly server: WrpcServer;
  private readonly ends: (() => Promise<void>)[] = [];

  constructor(
    connection: LatticeConnection,
    lattice: string,
    id: string,
    readonly actor: RunningActor,
  ) {
    this.server = new WrpcServer(connection, { lattice, id });
    for (const { id, functions } of actor.serves) {
      for (const [name, signature] of Object.entries(functions)) {
        const end = this.server.serve(id, name, signature, (...given) => {
          const context = given.pop() as CallContext;
          const traceparent = context.header('traceparent');
          return actor.call(id, name, given, { traceparent, signal: context.signal });
        });
        this.ends.push(end);
      }
    }
    if (!actor.exports.some((name) => withoutVersion(name) === 'wasi:http/incoming-handler')) return;
    const end = this.server.serve(http.id, 'handle', http.functions.handle, (request, context) =>
      actor.answerHttp(request as interfaces.http.Request, (context as CallContext).signal),
    );
    this.ends.push(end);
  }

  /**
   * Takes no more calls; resolves when each one that was sent before has been handed to the actor, unless its caller takes seconds to send
   * the rest of it. The answers follow within `graceMs`.
   */
  async end(graceMs: number): Promise<void> {
    await Promise.all(this.ends.map((end) => end()));
    const whole = new AbortController();
    const late = sleep(Math.min(handOverMs, graceMs), whole.signal, false).catch(() => undefined);
    await Promise.race([this.server.handed(), late]);
    whole.abort();
    this.server.drain(graceMs).catch((error: unknown) => {
      log.debug({ error: messageOf(error) }, 'NATS went away while the last answers were sent');
    });
  }
}
