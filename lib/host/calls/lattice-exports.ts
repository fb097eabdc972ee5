import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import type { LatticeConnection } from '../../lattice';
import type { LocalActors, RunningActor } from '../controllers/local-actors';
import { ServedActor } from './served-actor';

export interface LatticeExportsDependencies {
  readonly actors: LocalActors;
  /** Id of the lattice that a namespace is. */
  lattice(namespace: string): string;
  /** How long calls in flight may go on when an actor ends. */
  graceMs(): number;
}

/** Serves to the lattice what the actors of this host export: from the moment that they can take calls until they are about to end. */
export class LatticeExports {
  private readonly served = new Map<string, ServedActor>();
  private connection: LatticeConnection | undefined;

  constructor(private readonly host: LatticeExportsDependencies) {
    host.actors.subscribe((namespace, componentId) => this.sync(namespace, componentId));
  }

  /** There is a connection to NATS: what runs already is served too. It lasts; later interruptions are its own matter. */
  attach(connection: LatticeConnection | undefined): void {
    if (this.connection !== undefined || connection === undefined) return;
    this.connection = connection;
    for (const { namespace, componentId } of this.host.actors.list()) void this.sync(namespace, componentId);
  }

  private async sync(namespace: string, componentId: string): Promise<void> {
    const actor = this.host.actors.find(namespace, componentId);
    try {
      await this.bring(namespace, componentId, actor);
    } catch (error) {
      // The actor serves on this host all the same.
      const name = `${namespace}/${componentId}`;
      log.error(
        { actor: name, error: messageOf(error) },
        'Exports of an actor are not served to the lattice',
      );
    }
  }

  private async bring(
    namespace: string,
    componentId: string,
    actor: RunningActor | undefined,
  ): Promise<void> {
    const { connection } = this;
    const key = `${namespace}/${componentId}`;
    const before = this.served.get(key);
    if (connection === undefined || before?.actor === actor) return;
    this.served.delete(key);
    if (actor !== undefined) {
      this.served.set(key, new ServedActor(connection, this.host.lattice(namespace), componentId, actor));
      // The server knows of the new subscriptions before the old ones end: no caller finds nobody.
      if (before !== undefined && connection.connected) await connection.nats.flush();
    }
    await before?.end(this.host.graceMs());
  }
}
