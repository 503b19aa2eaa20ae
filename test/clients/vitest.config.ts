import { ownRun } from '../own-run.ts'
import { Matrix } from './matrix.ts'

// They install the clients of others.
export default ownRun('clients', {
  globalSetup: ['test/clients/prepare.ts'],
  reporters: ['default', new Matrix()],
})
