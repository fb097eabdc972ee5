export * as blobstore from './blobstore';
export * as http from './http';
export * as keyvalue from './keyvalue';
export * as messaging from './messaging';
