/** `host:port` of a listener's URL, with an address of the host in place of one that stands for all of them. */
export function endpointOf(url: string, hostAddress: string): string {
  const { protocol, hostname, port } = new URL(url);
  const isWildcard = hostname === '0.0.0.0' || hostname === '[::]';
  const address = isWildcard ? bracketed(hostAddress) : hostname;
  return `${address}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
