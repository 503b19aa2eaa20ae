import { openStore } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { fill, usedBytes } from './fill.ts'
import { queueDirectory, type Simulation } from './installation.ts'
import { learnModels } from './learn-models.ts'
import { measureRates, type Rates } from './rates.ts'

/** What was measured of a queue in which `queued` jobs wait. */
export interface BacklogFigures extends Rates {
  readonly queued: number
  readonly bytesPerQueuedJob: number
}

export interface BacklogOptions {
  readonly directory: string
  readonly simulation: Simulation
  readonly queued: number
  readonly seconds: number
}

export const measureBacklog = async (options: BacklogOptions): Promise<BacklogFigures> => {
  const { queued, seconds, simulation } = options
  const directory = queueDirectory(options.directory)
  await learnModels({ target: simulation.url, directory })
  const store = await openStore(path.join(directory, 'queue.db'), { role: 'worker' })
  await fill(store, queued)
  const bytesPerQueuedJob = usedBytes(store) / queued
  await store.close()
  const rates = await measureRates({ directory, simulation, seconds })
  fs.rmSync(directory, { recursive: true })
  return { queued, ...rates, bytesPerQueuedJob }
}
