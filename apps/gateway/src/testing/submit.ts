import type { NewJob, Store, Submitted } from '@foreman/store'

/** A job that differs from all others only in what the test is about. */
export const newJob = (differing: Partial<NewJob> = {}): NewJob => ({
  path: '/api/generate',
  endpoint: '/api/generate',
  model: 'm',
  modelName: 'm',
  loadOptions: '{}',
  groupKey: 'm',
  streaming: true,
  headers: [],
  body: Buffer.from('{"model":"m","prompt":"x"}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})

/** Submits a job. */
export const submitTo = (store: Store, differing: Partial<NewJob> = {}): Submitted =>
  store.submissions.enqueue(newJob(differing), 1_000)
