import { openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory for the present test. */
export const tempDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-gateway-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** An empty queue for the present test, on a real file. */
export const tempStore = (): Store => {
  const store = openStore(path.join(tempDirectory(), 'queue.db'), { busyTimeoutMs: 5 })
  onTestFinished(() => store.close())
  return store
}

/** Another process's connection to the same queue. */
export const otherConnection = ({ file }: Store): Store => {
  const store = openStore(file, { busyTimeoutMs: 5 })
  onTestFinished(() => store.close())
  return store
}
