import type { Hold } from '@foreman/jobs'

/** What is said of the subject of a hold; of a pause and a closure, which have none, it is the whole sentence. */
export const holdWords: Readonly<Record<Hold['kind'], string>> = {
  pause: 'Paused',
  close: 'Closed: nothing new is taken',
  model: 'is held',
  priority: 'jobs are held',
  caller: 'is held',
  open_model: 'runs outside of its window',
  open_priority: 'jobs run outside of their window',
}
