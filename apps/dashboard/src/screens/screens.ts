import type { FunctionComponent } from 'preact'
import { Batches } from './batches/batches.tsx'
import { Callers } from './callers/callers.tsx'
import { Jobs } from './jobs/jobs.tsx'
import { Models } from './models/models.tsx'
import { Now } from './now/now.tsx'
import { System } from './system/system.tsx'
import { Webhooks } from './webhooks/webhooks.tsx'

/** A screen of the page. A new one needs a row below. */
export interface Screen {
  /** Behind `#/` in the URL. */
  readonly path: string
  readonly title: string
  /** The key behind `g` that leads there. */
  readonly key: string
  readonly view: FunctionComponent
}

export const screens: readonly [Screen, ...Screen[]] = [
  { path: '', title: 'Now', key: 'n', view: Now },
  { path: 'jobs', title: 'Jobs', key: 'j', view: Jobs },
  { path: 'batches', title: 'Batches', key: 'b', view: Batches },
  { path: 'webhooks', title: 'Webhooks', key: 'w', view: Webhooks },
  { path: 'models', title: 'Models', key: 'm', view: Models },
  { path: 'callers', title: 'Callers', key: 'c', view: Callers },
  { path: 'system', title: 'System', key: 's', view: System },
]
