// A process that does nothing until it is killed.
process.send('ready');
process.on('message', () => undefined);
