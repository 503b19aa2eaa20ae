import type { JobOutput } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { reads } from '../verbs.ts'
import { prepareRead } from './read.ts'
import { prepareView } from './view.ts'

export const output = (connection: Connection): JobOutput => {
  const view = prepareView(connection)
  return { view: reads(view), read: reads(prepareRead(connection, view)) }
}
