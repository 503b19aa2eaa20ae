import type { ActiveFault, Fault } from './faults.ts'
import type { SeenRequest } from './request-log.ts'

/** A simulated Ollama that runs: what it has done so far, and how to disturb it. */
export interface Sim {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** How many loads have begun, including those that were abandoned. */
  readonly loads: number
  readonly loadsByModel: Readonly<Record<string, number>>
  /** How many loads were abandoned because the caller left. */
  readonly loadsAbandoned: number
  /** The requests so far in order of arrival, at most the last ten thousand. */
  readonly requests: readonly SeenRequest[]
  /** How many requests need a model and are not answered yet. */
  readonly inFlight: number
  /** How many requests wait for a load or an eviction. */
  readonly queued: number
  /** The names of the models in memory, the one that expires last first. */
  resident(): string[]
  /** The faults that are active. */
  readonly faults: readonly ActiveFault[]
  /** Makes something go wrong from now on. `lift` ends it. */
  fault(fault: Fault): ActiveFault & { lift(): Promise<void> }
  /** Lifts one fault, or all. If the fault was `refuse`, the promise resolves when the simulator listens again. */
  clearFaults(id?: number): Promise<void>
  /** Stops at once and cuts every connection. Stopping twice does nothing more. */
  close(): Promise<void>
}
