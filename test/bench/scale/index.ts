export { Scenario } from './scenario';
export { measureWadm } from './wadm';
