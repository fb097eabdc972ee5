import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import { within } from '../../base/sleep';
import {
  type CallContext,
  type Handler,
  interfaces,
  type LatticeConnection,
  type WitFunction,
  WrpcServer,
} from '../../lattice';
import type { RunningActor } from '../controllers/local-actors';
import { withoutVersion } from '../engine/engine';
import { inServedHttpSpan, inServedSpan } from './call-spans';

const http = interfaces.http.incomingHandler;
/** How long a caller may take to send the arguments of a call that it has begun. */
const handOverMs = 5_000;

/** One function that actors export, and those of them that do. */
interface ServedFunction {
  readonly instance: string;
  readonly name: string;
  readonly signature: WitFunction;
  readonly answer: (actor: RunningActor, args: readonly unknown[], context: CallContext) => Promise<unknown>;
  actors: readonly RunningActor[];
}

/** Chooses one of these for the next call; undefined when none of them serves any more. */
type Choose = (among: readonly RunningActor[]) => RunningActor | undefined;

/**
 * What the actors of one component id on this host export, served over NATS: one subscription a function, shared with the replicas of
 * other hosts. Actors come and go without the subscription: no caller finds nobody.
 */
export class ServedComponent {
  /** One, and another for each further signature of a function that has several. */
  private readonly servers: { readonly server: WrpcServer; readonly names: Set<string> }[] = [];
  private readonly functions = new Map<string, ServedFunction & { end(): Promise<void> }>();

  constructor(
    private readonly connection: LatticeConnection,
    private readonly lattice: string,
    private readonly id: string,
    private readonly choose: Choose,
  ) {}

  /**
   * Serves what these export from now on, and no more what only others did. Resolves when those have been given their last call, unless its
   * caller takes seconds to send the rest of it.
   */
  async update(actors: readonly RunningActor[]): Promise<void> {
    const wanted = exportsOf(this.id, actors);
    const gone = [...this.functions].filter(([key]) => !wanted.has(key));
    for (const [key] of gone) this.functions.delete(key);
    let added = false;
    for (const [key, served] of wanted) {
      const before = this.functions.get(key);
      if (before === undefined) this.functions.set(key, this.serve(served));
      else before.actors = served.actors;
      added ||= before === undefined;
    }
    // The server knows of new subscriptions before old ones end, and before anybody is told that the actor is ready.
    if (added && this.connection.connected) await this.connection.nats.flush();
    if (gone.length === 0) return;
    await Promise.all(gone.map(([, served]) => served.end()));
    await within(handOverMs, Promise.all(this.servers.map(({ server }) => server.handed())), false);
  }

  /** Takes no more calls; resolves as {@link update}. The answers follow within `graceMs`. */
  async end(graceMs: number): Promise<void> {
    await this.update([]);
    Promise.all(this.servers.map(({ server }) => server.drain(graceMs))).catch((error: unknown) => {
      log.debug({ error: messageOf(error) }, 'NATS went away while the last answers were sent');
    });
  }

  private serve(served: ServedFunction): ServedFunction & { end(): Promise<void> } {
    const handler: Handler = (...args) => {
      const context = args.pop() as CallContext;
      // What was sent before the last of them was taken out of service is answered by that one.
      const actor = this.choose(served.actors) ?? served.actors[0]!;
      return served.answer(actor, args, context);
    };
    const { instance, name, signature } = served;
    const path = `${instance}#${name}`;
    const { server, names } = this.serverWithout(path);
    names.add(path);
    const end = server.serve(instance, name, signature, handler);
    return Object.assign(served, {
      end: async () => {
        await end();
        names.delete(path);
      },
    });
  }

  private serverWithout(path: string): { readonly server: WrpcServer; readonly names: Set<string> } {
    const free = this.servers.find(({ names }) => !names.has(path));
    if (free !== undefined) return free;
    const { connection, lattice, id } = this;
    const another = { server: new WrpcServer(connection, { lattice, id }), names: new Set<string>() };
    this.servers.push(another);
    return another;
  }
}

/** All that the actors export, by subject and signature: revisions may differ in the types of a function. */
function exportsOf(component: string, actors: readonly RunningActor[]): Map<string, ServedFunction> {
  const all = new Map<string, ServedFunction>();
  const add = (actor: RunningActor, served: Omit<ServedFunction, 'actors'>): void => {
    const key = `${served.instance}#${served.name} ${JSON.stringify(served.signature)}`;
    const known = all.get(key);
    all.set(key, { ...(known ?? served), actors: [...(known?.actors ?? []), actor] });
  };
  for (const actor of actors) {
    for (const { id, functions } of actor.serves) {
      for (const [name, signature] of Object.entries(functions)) {
        add(actor, {
          instance: id,
          name,
          signature,
          answer: (one, args, context) =>
            inServedSpan(component, { instance: id, name }, context.header('traceparent'), (traceparent) =>
              one.call(id, name, args, { traceparent, signal: context.signal }),
            ),
        });
      }
    }
    if (!actor.exports.some((name) => withoutVersion(name) === 'wasi:http/incoming-handler')) continue;
    add(actor, {
      instance: http.id,
      name: 'handle',
      signature: http.functions.handle,
      answer: (one, [request], { signal }) =>
        inServedHttpSpan(component, request as interfaces.http.Request, (request) =>
          one.answerHttp(request, signal),
        ),
    });
  }
  return all;
}
