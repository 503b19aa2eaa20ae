import fs from 'node:fs'
import { expect, test } from 'vitest'
import { StoreUnusableError } from '../errors.ts'
import { openStore } from '../open-store.ts'
import { runningJob } from '../testing/jobs.ts'
import { openUntilEnd, tempStore } from './testing/temp-store.ts'

/** A copy of a file with a job, in which the page is garbled that the index of the delayed jobs begins with. */
const damagedFile = async (): Promise<string> => {
  const { store, file, run, rows } = await tempStore()
  await runningJob(store)
  const copy = `${file}-copy`
  run(`VACUUM INTO '${copy}'`)
  const bytes = fs.readFileSync(copy)
  const [pageBytes] = rows<{ page_size: number }>('PRAGMA page_size').map(row => row.page_size)
  const [index] = rows<{ n: number }>("SELECT rootpage n FROM sqlite_schema WHERE name = 'jobs_delayed'")
  fs.writeFileSync(copy, bytes.fill(0xa5, (index!.n - 1) * pageBytes!, index!.n * pageBytes!))
  return copy
}

test('a worker opens a sound file', async () => {
  const { store, file } = await tempStore()
  await runningJob(store)
  await expect(openUntilEnd(file, { role: 'worker' })).resolves.toBeDefined()
})

test('a worker refuses a damaged file, and reports file and damage on one line', async () => {
  const file = await damagedFile()
  const error: unknown = await openStore(file, { role: 'worker' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StoreUnusableError)
  const { message } = error as Error
  expect(message).toMatch(/foreman\.db-copy: is damaged \(.+\)$/)
  expect(message).not.toContain('\n')
})

test.skipIf(!fs.existsSync('/proc/self/fd'))('a worker that refuses a file lets go of it', async () => {
  const file = await damagedFile()
  await expect(openStore(file, { role: 'worker' })).rejects.toThrow(StoreUnusableError)
  const open = fs.readdirSync('/proc/self/fd').map(fd => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  expect(open.filter(path => path.startsWith(file))).toEqual([])
})

test('a gateway opens a damaged file all the same: opening does not read all of it', async () => {
  await expect(openUntilEnd(await damagedFile())).resolves.toBeDefined()
})
