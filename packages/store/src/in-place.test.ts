import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from './open-store.ts'
import { tempDirectory, tempStore } from './testing/temp-store.ts'

test('a file that is left alone is in place, whatever is written into it', () => {
  const { store, run } = tempStore()
  expect(store.isInPlace()).toBe(true)
  store.target.suspect(1)
  run('PRAGMA wal_checkpoint(TRUNCATE)')
  expect(store.isInPlace()).toBe(true)
})

test.each(['', '-wal', '-shm'])('a queue whose file%s was moved is not in place until it is back', suffix => {
  const { store, file } = tempStore()
  const one = `${file}${suffix}`
  fs.renameSync(one, `${one}.away`)
  expect(store.isInPlace()).toBe(false)
  fs.copyFileSync(`${one}.away`, one)
  expect(store.isInPlace()).toBe(false)
  fs.renameSync(`${one}.away`, one)
  expect(store.isInPlace()).toBe(true)
})

test('a symbolic link that leads elsewhere now is not in place', () => {
  const directory = tempDirectory()
  const link = path.join(directory, 'link.db')
  fs.symlinkSync(path.join(directory, 'one.db'), link)
  const store = openStore(link, { busyTimeoutMs: 5 })
  expect(store.isInPlace()).toBe(true)
  fs.writeFileSync(path.join(directory, 'other.db'), '')
  fs.unlinkSync(link)
  fs.symlinkSync(path.join(directory, 'other.db'), link)
  expect(store.isInPlace()).toBe(false)
  store.close()
})

test('a directory that is gone is not in place', () => {
  const { store, file } = tempStore()
  fs.rmSync(path.dirname(file), { recursive: true })
  expect(store.isInPlace()).toBe(false)
})
