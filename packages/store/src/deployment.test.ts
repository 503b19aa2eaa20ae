import { expect, onTestFinished, test } from 'vitest'
import { openStore } from './open-store.ts'
import { tempStore } from './testing/temp-store.ts'

const open = (file: string) => {
  const store = openStore(file, { busyTimeoutMs: 5 })
  onTestFinished(() => store.close())
  return store
}

test('all processes on one file share a name, and every file has its own', () => {
  const { store } = tempStore()
  expect(store.deployment).toMatch(/^foreman-[0-9a-f]{16}$/)
  expect(open(store.file).deployment).toBe(store.deployment)
  expect(tempStore().store.deployment).not.toBe(store.deployment)
})
