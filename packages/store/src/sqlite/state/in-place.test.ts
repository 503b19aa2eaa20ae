import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { openUntilEnd, tempStore } from '../testing/temp-store.ts'
import { inPlace } from './in-place.ts'

/** Whether the files of a queue are still where they were. */
const watching = (file: string) => inPlace(['', '-wal', '-shm'].map(suffix => `${file}${suffix}`))

test('a file that is left alone is in place, whatever is written into it', async () => {
  const { store, file, run } = await tempStore()
  const isInPlace = watching(file)
  expect(isInPlace()).toBe(true)
  await store.target.suspect(1)
  run('PRAGMA wal_checkpoint(TRUNCATE)')
  expect(isInPlace()).toBe(true)
})

test.each(['', '-wal', '-shm'])(
  'a queue whose file%s was moved is not in place until it is back',
  async suffix => {
    const { file } = await tempStore()
    const isInPlace = watching(file)
    const one = `${file}${suffix}`
    fs.renameSync(one, `${one}.away`)
    expect(isInPlace()).toBe(false)
    fs.copyFileSync(`${one}.away`, one)
    expect(isInPlace()).toBe(false)
    fs.renameSync(`${one}.away`, one)
    expect(isInPlace()).toBe(true)
  },
)

test('a symbolic link that leads elsewhere now is not in place', async () => {
  const directory = tempDirectory()
  const link = path.join(directory, 'link.db')
  fs.symlinkSync(path.join(directory, 'one.db'), link)
  await openUntilEnd(link)
  const isInPlace = inPlace([link])
  expect(isInPlace()).toBe(true)
  fs.writeFileSync(path.join(directory, 'other.db'), '')
  fs.unlinkSync(link)
  fs.symlinkSync(path.join(directory, 'other.db'), link)
  expect(isInPlace()).toBe(false)
})

test('a directory that is gone is not in place', async () => {
  const { file } = await tempStore()
  const isInPlace = watching(file)
  fs.rmSync(path.dirname(file), { recursive: true })
  expect(isInPlace()).toBe(false)
})
