import { openStore, type Store } from '@foreman/store'
import { putEmptyQueue } from '@foreman/store/testing'
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

/** A connection to a queue for the present test. */
export const openForTest = async (file: string): Promise<Store> => {
  const store = await openStore(file, { role: 'gateway' })
  onTestFinished(() => store.close())
  return store
}

/** An empty queue for the present test, on a real file. */
export const tempStore = async (): Promise<Store> => {
  const file = path.join(tempDirectory(), 'queue.db')
  await putEmptyQueue(file)
  return openForTest(file)
}

/** The connections of two processes to one queue. */
export const twoConnections = async (): Promise<{ readonly store: Store; readonly other: Store }> => {
  const file = path.join(tempDirectory(), 'queue.db')
  return { store: await openForTest(file), other: await openForTest(file) }
}
