import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import type { LatticeConnection } from '../../lattice';
import type { LocalActors } from '../controllers/local-actors';
import { ServedComponent } from './served-component';

export interface LatticeExportsDependencies {
  readonly actors: LocalActors;
  /** Id of the lattice that a namespace is. */
  lattice(namespace: string): string;
  /** How long calls in flight may go on when an actor ends. */
  graceMs(): number;
}

/** Serves to the lattice what the actors of this host export: from the moment that they can take calls until they are about to end. */
export class LatticeExports {
  private readonly served = new Map<string, ServedComponent>();
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
    try {
      await this.bring(namespace, componentId);
    } catch (error) {
      // The actors serve on this host all the same.
      const name = `${namespace}/${componentId}`;
      log.error(
        { actor: name, error: messageOf(error) },
        'Exports of an actor are not served to the lattice',
      );
    }
  }

  private async bring(namespace: string, componentId: string): Promise<void> {
    const { connection, host } = this;
    if (connection === undefined) return;
    const key = `${namespace}/${componentId}`;
    const actors = host.actors.all(namespace, componentId);
    let served = this.served.get(key);
    if (actors.length === 0) {
      this.served.delete(key);
      return served?.end(host.graceMs());
    }
    if (served === undefined) {
      served = new ServedComponent(connection, host.lattice(namespace), componentId, (among) =>
        host.actors.find(namespace, componentId, (actor) => among.includes(actor)),
      );
      this.served.set(key, served);
    }
    await served.update(actors);
  }
}
