import { WitError, type HostImports } from '../engine/engine';
import { denied } from './denied';

class Network {}

/** wasi:sockets: linked by many toolchains whether used or not, so it is offered; every use is denied. */
export function sockets(): HostImports {
  const deny = (): never => {
    throw new WitError('access-denied');
  };
  return {
    'wasi:sockets/network': { Network, networkErrorCode: () => undefined },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
    'wasi:sockets/tcp-create-socket': { createTcpSocket: deny },
    'wasi:sockets/udp-create-socket': { createUdpSocket: deny },
    'wasi:sockets/ip-name-lookup': { resolveAddresses: deny, ResolveAddressStream: denied() },
    'wasi:sockets/tcp': { TcpSocket: denied() },
    'wasi:sockets/udp': {
      UdpSocket: denied(),
      IncomingDatagramStream: denied(),
      OutgoingDatagramStream: denied(),
    },
  };
}
