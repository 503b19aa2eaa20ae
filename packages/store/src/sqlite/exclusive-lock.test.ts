import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startChild } from '../testing/child.ts'
import { tempDirectory } from '../testing/temp-directory.ts'
import { takeExclusiveLock } from './exclusive-lock.ts'

const lockFile = (): string => path.join(tempDirectory(), 'a.lock')

test('only one connection has the lock, even within one process', () => {
  const file = lockFile()
  const first = takeExclusiveLock(file)
  expect(first).toBeDefined()
  expect(takeExclusiveLock(file)).toBeUndefined()
  expect(takeExclusiveLock(lockFile())).toBeDefined()
  first?.release()
  const second = takeExclusiveLock(file)
  expect(second).toBeDefined()
  // A second release of the first must not free it.
  first?.release()
  expect(takeExclusiveLock(file)).toBeUndefined()
})

test('waiting for the lock ends when it is free or the time is over', () => {
  const file = lockFile()
  const lock = takeExclusiveLock(file)
  const begin = performance.now()
  expect(takeExclusiveLock(file, 100)).toBeUndefined()
  expect(performance.now() - begin).toBeGreaterThan(50)
  lock?.release()
  expect(takeExclusiveLock(file, 100)).toBeDefined()
})

test('the lock is kept although nothing refers to it any more', async () => {
  const holder = startChild(`
    import { takeExclusiveLock } from ${JSON.stringify(new URL('exclusive-lock.ts', import.meta.url).href)}
    import v8 from 'node:v8'
    import vm from 'node:vm'
    takeExclusiveLock(await told())
    v8.setFlagsFromString('--expose-gc')
    const gc = vm.runInNewContext('gc')
    for (let round = 0; round < 5; round++) {
      gc()
      await new Promise(resolve => setImmediate(resolve))
    }
    console.log('collected')
    await told()
  `)
  const file = lockFile()
  holder.tell(file)
  expect(await holder.next()).toBe('collected')
  expect(takeExclusiveLock(file)).toBeUndefined()
})

test('a file that cannot be created or used is an error, not a lock that another process has', () => {
  expect(() => takeExclusiveLock(path.join(tempDirectory(), 'nowhere', 'a.lock'))).toThrow(/ENOENT/)
  const file = lockFile()
  fs.writeFileSync(file, 'not a database\n'.repeat(100))
  expect(() => takeExclusiveLock(file)).toThrow(/not a database/)
})
