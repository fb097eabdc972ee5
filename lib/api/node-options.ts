/**
 * What Node is started with for a reconciler. Node 24 lets the space of new objects grow to 128 MB, and keeps it after one burst of
 * answers of the API server.
 */
export const reconcilerNodeOptions = '--max-semi-space-size=16';
