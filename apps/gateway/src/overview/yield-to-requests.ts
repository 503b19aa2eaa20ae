import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * Lets requests have the processor first that this thread wants, too. On Linux each thread has a priority of its own; elsewhere
 * that of the process would change, so nothing does.
 */
export const yieldToRequests = (): void => {
  if (process.platform !== 'linux') return
  try {
    const threadId = Number(path.basename(fs.readlinkSync('/proc/thread-self')))
    os.setPriority(threadId, os.constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Without it a look only costs a request more.
  }
}
