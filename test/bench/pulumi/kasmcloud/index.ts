import { Actor, Provider } from 'kasmcloud';
import { LatticeStack } from 'kasmcloud/stacks';

// A namespace, a provider, 499 actors, each with a link to it.
new LatticeStack('shop', {
  awaitReady: false,
  declare: (lattice) => {
    const store = new Provider(lattice, 'store', { image: 'builtin://keyvalue-nats' });
    for (let at = 0; at < 499; at++) {
      const actor = new Actor(lattice, `actor-${at}`, {
        image: 'registry.example.com/cart:1.4.0',
        instances: 10,
      });
      actor.linkTo(store, { wit: 'wasi:keyvalue/store', targetConfig: { bucket: `bucket-${at}` } });
    }
  },
});
