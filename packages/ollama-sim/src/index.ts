export type { ActiveFault, Fault } from './faults.ts'
export type { SeenRequest } from './request-log.ts'
export { startSim, type Sim, type SimOptions } from './sim.ts'
