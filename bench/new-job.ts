import type { NewJob } from '@foreman/store'

/** A job for the store, small and alike except for what the benchmark is about. */
export const newJob = (differing: Partial<NewJob> = {}): NewJob => ({
  path: '/api/generate',
  endpoint: '/api/generate',
  model: 'plain',
  modelName: 'plain:latest',
  loadOptions: '{}',
  groupKey: 'plain',
  streaming: false,
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from('{"model":"plain"}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})
