export type { ActiveFault, Fault } from './faults.ts'
export type { SeenRequest } from './request-log.ts'
export { startSim, type SimOptions } from './sim.ts'
export type { Sim } from './sim-handle.ts'
