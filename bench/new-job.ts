import type { NewJob } from '@foreman/store'
import { newJob as plainJob } from '@foreman/store/testing'

/** A job for the store, small and alike except for what the benchmark is about. */
export const newJob = (differing: Partial<NewJob> = {}): NewJob =>
  plainJob({
    path: '/api/generate',
    endpoint: '/api/generate',
    model: 'plain',
    modelName: 'plain:latest',
    streaming: false,
    body: Buffer.from('{"model":"plain"}'),
    ...differing,
  })
